// SPDX-License-Identifier: GPL-3.0-or-later
import { h } from './dom.ts';
import { Lobby, roomNameFrom, type LobbyChoice } from './lobby.ts';
import { RoomClient, testIdentity } from './room_client.ts';
import { RoomView } from './room_view.ts';
import { installTestHook } from './test_hook.ts';
import type { ServerConfig } from './xmpp.ts';

const parameters = new URLSearchParams(location.search);
const test = testIdentity(parameters);

async function enter(config: ServerConfig, choice: LobbyChoice): Promise<void> {
  history.replaceState(null, '', `/${choice.room}${location.search}`);
  document.title = `${choice.room} · Carillon`;
  let view: RoomView | undefined;
  let scheduled = false;
  const client = new RoomClient(config, choice.room, choice.name, {
    onChange() {
      // Many messages may come at once: one picture of them.
      if (scheduled) return;
      scheduled = true;
      setTimeout(() => {
        scheduled = false;
        view?.render();
      }, 16);
    },
    onNotice: (text) => view?.say(text),
  }, test);
  client.microphone = choice.microphone;
  client.camera = choice.camera;
  client.micMuted = choice.microphone === null;
  if (test) {
    client.microphone = await client.devices.microphone();
    client.camera = await client.devices.camera();
    client.micMuted = false;
  }
  view = new RoomView(client, () => {
    client.leave();
    view?.dispose();
    history.replaceState(null, '', `/${choice.room}`);
    showLobby(config, choice.room);
  });
  document.body.replaceChildren(view.node);
  if (test) installTestHook(client, view);
  addEventListener('pagehide', () => client.leave());
  client.join();
  view.render();
}

function showLobby(config: ServerConfig, room: string): void {
  document.title = 'Carillon';
  document.body.replaceChildren(new Lobby(room, (choice) => void enter(config, choice)).node);
}

async function begin(): Promise<void> {
  const room = roomNameFrom(decodeURIComponent(location.pathname.slice(1)));
  try {
    const response = await fetch('/config.json');
    if (!response.ok) throw new Error(`the server answered ${response.status}`);
    const config = (await response.json()) as ServerConfig;
    if (test && room) {
      await enter(config, { name: test.name, room, microphone: null, camera: null });
    } else {
      showLobby(config, room);
    }
  } catch (error) {
    document.body.replaceChildren(
      h('main', { className: 'lobby' },
        h('section', { className: 'card' },
          h('form', {}, h('h1', {}, 'The server is away'),
            h('p', {}, `Reload this page in a while. (${error instanceof Error ? error.message : error})`)))),
    );
  }
}

void begin();
