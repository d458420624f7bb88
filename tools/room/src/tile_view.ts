// SPDX-License-Identifier: GPL-3.0-or-later
// One tile: a picture or an initial, a name, what is the matter with it.
import { h } from './dom.ts';
import { icon } from './icons.ts';
import { colorOf } from './media.ts';
import type { Tile } from './room_state.ts';

export class TileView {
  readonly node: HTMLElement;
  readonly video = h('video', { autoplay: true, playsInline: true, muted: true });
  private readonly initial = h('div', { className: 'initial' });
  private readonly label = h('span', { className: 'name' });
  private readonly mute = h('span', { className: 'mute' }, icon('micOff'));
  private readonly pin = h('button', { type: 'button', className: 'pin' }, icon('pin'));
  private shown: MediaStream | null = null;

  constructor(onPin: () => void) {
    this.pin.addEventListener('click', (event) => {
      event.stopPropagation();
      onPin();
    });
    this.node = h('article', { className: 'tile', tabIndex: 0 }, this.initial, this.video,
      h('div', { className: 'caption' }, this.mute, this.label), this.pin);
    this.node.addEventListener('dblclick', onPin);
    this.node.addEventListener('keydown', (event) => event.key === 'Enter' && onPin());
  }

  render(tile: Tile, stream: MediaStream | null, pinned: boolean, large: boolean): void {
    if (this.shown !== stream) {
      this.shown = stream;
      this.video.srcObject = stream;
    }
    const name = tile.self ? `${tile.name} (you)` : tile.name;
    this.label.textContent = tile.screen ? `${tile.name}’s screen` : name;
    this.initial.textContent = tile.name.slice(0, 1).toUpperCase();
    this.initial.style.background = colorOf(tile.name);
    this.mute.hidden = !tile.audioMuted || tile.screen;
    this.mute.title = tile.moderated ? 'Muted by a moderator' : '';
    this.mute.classList.toggle('moderated', tile.moderated);
    this.pin.setAttribute('aria-label', pinned ? 'Unpin' : `Pin ${this.label.textContent}`);
    this.pin.setAttribute('aria-pressed', String(pinned));
    this.node.setAttribute('aria-label', this.label.textContent);
    const flag = (name: string, on: boolean): boolean => this.node.classList.toggle(name, on);
    flag('speaking', tile.speaking && !tile.screen && !tile.audioMuted);
    flag('dominant', tile.dominant && !tile.screen);
    flag('self', tile.self && !tile.screen);
    flag('screen', tile.screen);
    flag('away', tile.away);
    flag('pinned', pinned);
    flag('large', large);
    flag('has-video', stream !== null);
  }
}
