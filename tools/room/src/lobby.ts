// SPDX-License-Identifier: GPL-3.0-or-later
// Before the room: a name, a look at oneself, what to bring along.
import { h } from './dom.ts';
import { icon } from './icons.ts';
import { Devices, explain } from './media.ts';

export interface LobbyChoice {
  name: string;
  room: string;
  microphone: MediaStreamTrack | null;
  camera: MediaStreamTrack | null;
}

export function roomNameFrom(text: string): string {
  return text.toLowerCase().trim().replace(/[^a-z0-9._-]+/g, '-').replace(/^-+|-+$/g, '').slice(0, 64);
}

export class Lobby {
  readonly node: HTMLElement;
  private readonly video = h('video', { muted: true, autoplay: true, playsInline: true });
  private readonly hint = h('p', { className: 'hint', role: 'status' });
  private readonly micButton = h('button', { type: 'button', className: 'round' });
  private readonly cameraButton = h('button', { type: 'button', className: 'round' });
  private microphone: MediaStreamTrack | null = null;
  private camera: MediaStreamTrack | null = null;
  private readonly devices = new Devices();

  constructor(room: string, onJoin: (choice: LobbyChoice) => void) {
    const name = h('input', {
      name: 'name', maxLength: 64, required: true, autocomplete: 'name',
      placeholder: 'Your name', value: localStorage.getItem('name') ?? '',
    });
    const roomField = h('input', {
      name: 'room', maxLength: 64, required: true, placeholder: 'Room', value: room,
    });
    const form = h(
      'form',
      {},
      h('h1', {}, room ? `Join “${room}”` : 'Join a room'),
      h('label', {}, 'Name', name),
      h('label', { hidden: room !== '' }, 'Room', roomField),
      h('button', { type: 'submit', className: 'primary' }, 'Join'),
      this.hint,
    );
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      const cleanRoom = roomNameFrom(roomField.value);
      if (name.value.trim() === '' || cleanRoom === '') return;
      localStorage.setItem('name', name.value.trim());
      onJoin({
        name: name.value.trim(), room: cleanRoom,
        microphone: this.microphone, camera: this.camera,
      });
    });
    this.micButton.addEventListener('click', () => void this.toggleMicrophone());
    this.cameraButton.addEventListener('click', () => void this.toggleCamera());
    this.node = h(
      'main',
      { className: 'lobby' },
      h(
        'section',
        { className: 'card' },
        h('div', { className: 'preview' }, this.video,
          h('div', { className: 'preview-buttons' }, this.micButton, this.cameraButton)),
        form,
      ),
      h('p', { className: 'foot' }, 'Carillon: meet by XMPP'),
    );
    this.render();
    if (!navigator.mediaDevices) {
      this.hint.textContent =
        'Browsers give camera and microphone to secure pages only: open this one by https or on the machine itself.';
    } else {
      void this.toggleCamera().then(() => this.toggleMicrophone());
    }
    (name.value ? form.querySelector('button')! : name).focus();
  }

  private async toggleMicrophone(): Promise<void> {
    try {
      if (this.microphone) this.microphone.stop();
      this.microphone = this.microphone ? null : await this.devices.microphone();
    } catch (error) {
      this.hint.textContent = explain(error, 'microphone');
    }
    this.render();
  }

  private async toggleCamera(): Promise<void> {
    try {
      if (this.camera) this.camera.stop();
      this.camera = this.camera ? null : await this.devices.camera();
    } catch (error) {
      this.hint.textContent = explain(error, 'camera');
    }
    this.render();
  }

  private render(): void {
    this.video.srcObject = this.camera ? new MediaStream([this.camera]) : null;
    this.micButton.replaceChildren(icon(this.microphone ? 'mic' : 'micOff'));
    this.cameraButton.replaceChildren(icon(this.camera ? 'camera' : 'cameraOff'));
    for (const [button, on, what] of [
      [this.micButton, this.microphone, 'microphone'],
      [this.cameraButton, this.camera, 'camera'],
    ] as const) {
      button.classList.toggle('off', !on);
      button.setAttribute('aria-pressed', String(Boolean(on)));
      button.setAttribute('aria-label', on ? `Turn the ${what} off` : `Turn the ${what} on`);
    }
  }
}
