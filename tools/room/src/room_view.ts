// SPDX-License-Identifier: GPL-3.0-or-later
// The room on the screen: tiles, controls, chat.
import { h } from './dom.ts';
import { icon } from './icons.ts';
import { stageOf, tilesOf, type Tile } from './room_state.ts';
import type { Connection, RoomClient } from './room_client.ts';
import { TileView } from './tile_view.ts';

const CONNECTION_TEXT: Record<Connection, string> = {
  idle: '',
  joining: 'Connecting…',
  connected: 'Connected',
  reconnecting: 'Reconnecting…',
  failed: 'Not connected',
  left: 'Left',
};

const SHORTCUTS: Array<[string, string]> = [
  ['m', 'microphone on or off'],
  ['v', 'camera on or off'],
  ['s', 'share the screen'],
  ['c', 'chat'],
  ['i', 'copy the invitation'],
  ['?', 'this help'],
];

export class RoomView {
  readonly node: HTMLElement;
  pinned = '';
  private readonly grid = h('section', { className: 'grid', 'aria-label': 'Participants' });
  private readonly stage = h('section', { className: 'stage', 'aria-label': 'Stage' });
  private readonly pill = h('span', { className: 'pill', role: 'status' });
  private readonly moderated = h('p', { className: 'moderated', role: 'status', hidden: true });
  private readonly count = h('span', { className: 'count' });
  private readonly notice = h('div', { className: 'notice', role: 'alert', hidden: true });
  private readonly chatLog = h('ol', { className: 'log', 'aria-live': 'polite' });
  private readonly chatField = h('input', { placeholder: 'Write to everybody', maxLength: 4000, 'aria-label': 'Message' });
  private readonly chatPanel: HTMLElement;
  private readonly help: HTMLDialogElement;
  private readonly settings: HTMLDialogElement;
  private readonly over: HTMLElement;
  private readonly buttons: Record<'mic' | 'camera' | 'screen' | 'chat', HTMLButtonElement>;
  private readonly tiles = new Map<string, TileView>();
  private chatSeen = 0;
  private noticeTimer: ReturnType<typeof setTimeout> | undefined;
  private wishes = '';
  private failureShown = '';

  constructor(
    private readonly client: RoomClient,
    private readonly onLeave: () => void,
  ) {
    const button = (label: string, run: () => void, ...content: Node[]): HTMLButtonElement => {
      const node = h('button', { type: 'button', title: label, 'aria-label': label }, ...content);
      node.addEventListener('click', run);
      return node;
    };
    this.buttons = {
      mic: button('Microphone (m)', () => this.toggleMic()),
      camera: button('Camera (v)', () => this.toggleCamera()),
      screen: button('Share the screen (s)', () => this.toggleScreen(), icon('screen')),
      chat: button('Chat (c)', () => this.toggleChat(), icon('chat')),
    };
    const chatForm = h('form', {}, this.chatField);
    chatForm.addEventListener('submit', (event) => {
      event.preventDefault();
      if (client.sendChat(this.chatField.value)) this.chatField.value = '';
    });
    this.chatPanel = h('aside', { className: 'chat', hidden: true, 'aria-label': 'Chat' },
      h('header', {}, 'Chat', button('Close the chat', () => this.toggleChat(), icon('close'))),
      this.chatLog, chatForm);
    this.help = h('dialog', {}, h('h2', {}, 'Keys'),
      h('dl', {}, ...SHORTCUTS.flatMap(([key, what]) => [h('dt', {}, key), h('dd', {}, what)])),
      h('form', { method: 'dialog' }, h('button', { className: 'primary' }, 'Close')));
    this.settings = h('dialog', {});
    this.over = h('div', { className: 'over', hidden: true });
    const leave = button('Leave', onLeave, icon('leave'));
    leave.className = 'leave';
    this.node = h('main', { className: 'room' },
      h('header', { className: 'top' }, h('h1', {}, client.room), this.count, this.pill,
        h('span', { className: 'space' }),
        button('Copy the invitation (i)', () => void this.copyInvitation(), icon('link')),
        button('Devices', () => void this.openSettings(), icon('settings')),
        button('Keys (?)', () => this.help.showModal(), icon('help'))),
      h('div', { className: 'middle' }, h('div', { className: 'pictures' }, this.stage, this.grid), this.chatPanel),
      h('footer', { className: 'controls' }, this.buttons.mic, this.buttons.camera, this.buttons.screen, this.buttons.chat, leave, this.moderated),
      this.notice, this.help, this.settings, this.over);
    document.addEventListener('keydown', this.onKey);
  }

  dispose(): void {
    document.removeEventListener('keydown', this.onKey);
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    const typing = event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement;
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    switch (event.key) {
      case 'm': return this.toggleMic();
      case 'v': return this.toggleCamera();
      case 's': return this.toggleScreen();
      case 'c': event.preventDefault(); return this.toggleChat();
      case 'i': return void this.copyInvitation();
      case '?': return this.help.showModal();
    }
  };

  // Says so where a moderator does not let us send that.
  private isDenied(kind: 'audio' | 'video'): boolean {
    const denied = this.client.denied.has(kind);
    if (denied) this.say('A moderator has muted you. Only moderators can undo that.');
    return denied;
  }

  private toggleMic(): void {
    if (this.isDenied('audio')) return;
    void this.client.setMicMuted(!this.client.micMuted && this.client.microphone !== null);
  }
  private toggleCamera(): void {
    if (this.isDenied('video')) return;
    void this.client.setCameraOn(this.client.camera === null);
  }
  private toggleScreen(): void {
    if (this.isDenied('video')) return;
    void this.client.setScreenShared(this.client.screen === null);
  }
  private toggleChat(): void {
    this.chatPanel.hidden = !this.chatPanel.hidden;
    if (!this.chatPanel.hidden) this.chatField.focus();
    this.render();
  }

  private async copyInvitation(): Promise<void> {
    const address = `${location.origin}/${this.client.room}`;
    try {
      await navigator.clipboard.writeText(address);
      this.say(`Copied: ${address}`);
    } catch {
      this.say(`Send this address: ${address}`);
    }
  }

  private async openSettings(): Promise<void> {
    const devices = await this.client.devices.list();
    const choice = (kind: MediaDeviceKind, label: string, current: string | undefined, use: (id: string) => Promise<void>): HTMLElement => {
      const select = h('select', {}, ...devices.filter((device) => device.kind === kind).map((device, index) =>
        h('option', { value: device.deviceId, selected: device.deviceId === current }, device.label || `${label} ${index + 1}`)));
      select.disabled = select.options.length === 0;
      select.addEventListener('change', () => {
        use(select.value).catch(() => this.say(`That ${label.toLowerCase()} cannot be used.`));
      });
      return h('label', {}, label, select);
    };
    this.settings.replaceChildren(h('h2', {}, 'Devices'),
      choice('audioinput', 'Microphone', this.client.microphone?.getSettings().deviceId, (id) => this.client.useMicrophone(id)),
      choice('videoinput', 'Camera', this.client.camera?.getSettings().deviceId, (id) => this.client.setCameraOn(true, id)),
      h('form', { method: 'dialog' }, h('button', { className: 'primary' }, 'Close')));
    this.settings.showModal();
  }

  say(text: string): void {
    this.notice.textContent = text;
    this.notice.hidden = false;
    clearTimeout(this.noticeTimer);
    this.noticeTimer = setTimeout(() => (this.notice.hidden = true), 6000);
  }

  pin(key: string): void {
    this.pinned = this.pinned === key ? '' : key;
    this.render();
  }

  tile(key: string): TileView | undefined {
    return this.tiles.get(key);
  }

  private streamFor(tile: Tile): MediaStream | null {
    if (tile.self) {
      const track = tile.screen ? this.client.screen : this.client.camera;
      return track ? this.ownStream(track) : null;
    }
    return tile.content ? (this.client.call?.streamOf(tile.content) ?? null) : null;
  }

  private readonly ownStreams = new WeakMap<MediaStreamTrack, MediaStream>();
  private ownStream(track: MediaStreamTrack): MediaStream {
    let stream = this.ownStreams.get(track);
    if (!stream) this.ownStreams.set(track, (stream = new MediaStream([track])));
    return stream;
  }

  render(): void {
    const { client } = this;
    const tiles = tilesOf(client.state);
    const onStage = stageOf(tiles, this.pinned);
    for (const [key, view] of this.tiles) {
      if (tiles.some((tile) => tile.key === key)) continue;
      view.node.remove();
      this.tiles.delete(key);
    }
    let order = 0;
    for (const tile of tiles) {
      let view = this.tiles.get(tile.key);
      if (!view) this.tiles.set(tile.key, (view = new TileView(() => this.pin(tile.key))));
      const large = tile.key === onStage;
      view.render(tile, this.streamFor(tile), this.pinned === tile.key, large);
      const home = large ? this.stage : this.grid;
      if (view.node.parentNode !== home) home.append(view.node);
      view.node.style.order = String(order++);
    }
    this.stage.hidden = onStage === '';
    this.node.classList.toggle('staged', onStage !== '');
    const inGrid = tiles.length - (onStage ? 1 : 0);
    this.grid.style.setProperty('--columns', String(Math.ceil(Math.sqrt(Math.max(inGrid, 1)))));
    this.grid.dataset.count = String(inGrid);
    this.renderControls();
    this.renderChat();
    this.renderFailure();
    this.sendWishes(tiles, onStage);
  }

  private renderControls(): void {
    const { client } = this;
    const { denied } = client;
    const micOn = client.microphone !== null && !client.micMuted && !denied.has('audio');
    const cameraOn = client.camera !== null && !denied.has('video');
    this.buttons.mic.replaceChildren(icon(micOn ? 'mic' : 'micOff'));
    this.buttons.camera.replaceChildren(icon(cameraOn ? 'camera' : 'cameraOff'));
    this.moderated.hidden = denied.size === 0;
    this.moderated.textContent = denied.size === 2 ? 'Muted by a moderator: microphone and camera'
      : `Muted by a moderator: ${denied.has('audio') ? 'microphone' : 'camera'}`;
    for (const [node, kind] of [
      [this.buttons.mic, 'audio'], [this.buttons.camera, 'video'], [this.buttons.screen, 'video'],
    ] as const) {
      node.setAttribute('aria-disabled', String(denied.has(kind)));
    }
    const press = (node: HTMLElement, on: boolean, off = !on): void => {
      node.setAttribute('aria-pressed', String(on));
      node.classList.toggle('off', off);
    };
    press(this.buttons.mic, micOn);
    press(this.buttons.camera, cameraOn);
    press(this.buttons.screen, client.screen !== null && !denied.has('video'), false);
    press(this.buttons.chat, !this.chatPanel.hidden, false);
    this.pill.textContent = CONNECTION_TEXT[client.connection];
    this.pill.dataset.state = client.connection;
    const people = client.state.participants.size;
    this.count.textContent = people === 1 ? '1 person' : `${people} people`;
  }

  private renderChat(): void {
    const { chat } = this.client;
    while (this.chatLog.childElementCount < chat.length) {
      const line = chat[this.chatLog.childElementCount];
      const time = new Date(line.at).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
      this.chatLog.append(h('li', { className: line.own ? 'own' : '' },
        h('span', { className: 'who' }, line.nick), h('time', {}, time), h('p', {}, line.text)));
      this.chatLog.lastElementChild?.scrollIntoView({ block: 'nearest' });
    }
    if (!this.chatPanel.hidden) this.chatSeen = chat.length;
    const unread = chat.length - this.chatSeen;
    this.buttons.chat.dataset.unread = unread > 0 ? String(unread) : '';
  }

  private renderFailure(): void {
    const failed = this.client.connection === 'failed';
    // What is being typed there stays.
    const shown = failed ? this.client.failure : '';
    if (shown === this.failureShown) return;
    this.failureShown = shown;
    this.over.hidden = !failed;
    if (!failed) return;
    const back = h('button', { type: 'button', className: 'primary' }, 'Back');
    back.addEventListener('click', this.onLeave);
    const card = this.client.wantsPassword
      ? this.passwordForm(back)
      : h('div', { className: 'card' }, h('h2', {}, 'That did not work'), h('p', {}, this.client.failure), back);
    this.over.replaceChildren(card);
    card.querySelector('input')?.focus();
  }

  private passwordForm(back: HTMLButtonElement): HTMLElement {
    back.className = '';
    const field = h('input', {
      type: 'password', name: 'password', required: true, maxLength: 256,
      autocomplete: 'off', 'aria-label': 'Password of the room',
    });
    const form = h('form', { className: 'card password' }, h('h2', {}, `Join “${this.client.room}”`),
      h('p', { role: 'status' }, this.client.failure), h('label', {}, 'Password', field),
      h('button', { type: 'submit', className: 'primary' }, 'Join'), back);
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.client.enterPassword(field.value);
    });
    return form;
  }

  // Pins come first; small tiles need few pixels, hidden ones none.
  private sendWishes(tiles: Tile[], onStage: string): void {
    const heights = new Map<string, number>();
    for (const tile of tiles) {
      if (!tile.content) continue;
      const height = this.tiles.get(tile.key)?.node.clientHeight ?? 0;
      heights.set(tile.content, height > 360 ? 1080 : height > 180 ? 360 : 180);
    }
    const staged = tiles.find((tile) => tile.key === onStage);
    const pins = staged && !staged.self && staged.source ? [staged.source] : [];
    const wishes = JSON.stringify([pins, [...heights]]);
    if (wishes === this.wishes || this.client.connection !== 'connected') return;
    this.wishes = wishes;
    void this.client.setWishes(pins, heights);
  }
}
