// SPDX-License-Identifier: GPL-3.0-or-later
// Drives an unmodified Dino 0.4 as its user would, and looks at what it shows.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { screenshots, waitFor } from '../browser/harness.mjs';
import { Desktop } from './desktop.mjs';

const OBJECT = ['--session', '--dest', 'im.dino.Dino', '--object-path', '/im/dino/Dino'];

// Places to click, from the upper left corner of a window.
const PLACES = {
  'Start Conversation': { add: [109, 508] },
  'Add Contact': { jid: [190, 129], add: [274, 27] },
  main: { telephone: [977, 28] },
  menu: { audio: [74, 55], video: [74, 87] },
  // The buttons of a call from the middle of its lower edge.
  call: { microphone: [-71, -53], camera: [0, -53], end: [71, -53] },
};

export class Dino {
  // Logs in as the account `jid`, which has to exist. `number`: of the display.
  static async start(number, jid, password, color) {
    const dino = new Dino();
    dino.jid = jid;
    dino.name = jid.split('@')[0];
    dino.desktop = await Desktop.start(number, color);
    dino.database = join(dino.desktop.environment.HOME, '.local/share/dino/dino.db');
    await dino.#makeDatabase();
    await dino.query(`INSERT INTO account (bare_jid, resourcepart, password, enabled)
      VALUES ('${jid}', 'dino.${number}', '${password}', 1)`);
    dino.process = dino.desktop.spawn('dino-im', ['--print-xmpp=all']);
    // A call before the stream is up would never be sent.
    await waitFor(`${jid} to be online`, () => dino.log.includes('sm:3}:enabled'), 60);
    const main = await waitFor('its window', () => dino.window('main'));
    await dino.desktop.run('xdotool', ['windowmove', String(main.id), '710', '0']);
    return dino;
  }

  // Dino makes its tables at its first start.
  async #makeDatabase() {
    const first = this.desktop.spawn('dino-im', []);
    await waitFor('the tables of Dino', async () => (await this.query('SELECT count(*) FROM account')) === '0');
    await waitFor('Dino to end', async () => {
      if (first.exitCode !== null || first.signalCode !== null) return true;
      await this.activate('quit');
      return false;
    });
  }

  // What it printed: all XML, and its warnings.
  get log() {
    const file = join(this.desktop.folder, 'dino-im.log');
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  }

  async query(sql) {
    return (await this.desktop.run('sqlite3', ['-cmd', '.timeout 3000', '-separator', ' ', this.database, sql])).trim();
  }

  activate(action, parameter = '') {
    return this.desktop.run('gdbus', ['call', ...OBJECT, '--method', 'org.gtk.Actions.Activate', action, `[${parameter}]`, '{}']);
  }

  // The windows that are seen, in the order in which they were made.
  async windows() {
    const found = await this.desktop
      .run('xdotool', ['search', '--onlyvisible', '--class', 'dino-im'])
      .catch(() => '');
    const windows = [];
    for (const id of found.split('\n').filter(Boolean)) {
      const name = (await this.desktop.run('xdotool', ['getwindowname', id])).trim();
      const place = await this.desktop.run('xdotool', ['getwindowgeometry', '--shell', id]);
      const number = (key) => Number(place.match(new RegExp(`^${key}=(-?\\d+)$`, 'm'))[1]);
      windows.push({ id: Number(id), name, x: number('X'), y: number('Y'), width: number('WIDTH'), height: number('HEIGHT') });
    }
    return windows.sort((a, b) => a.id - b.id);
  }
  // Main window, menu and call are all called Dino; dialogues are not.
  async window(name) {
    const windows = await this.windows();
    const [main, ...others] = windows.filter((window) => window.name === 'Dino');
    if (name === 'main') return main;
    if (name === 'menu') return others.find((window) => window.width < 300);
    if (name === 'call') return others.find((window) => window.width >= 300);
    return windows.find((window) => window.name === name);
  }
  async isGone(name) {
    return !(await this.window(name));
  }

  mouse(x, y, ...more) {
    return this.desktop.run('xdotool', ['mousemove', String(Math.round(x)), String(Math.round(y)), ...more]);
  }
  async click(name, [x, y]) {
    const window = await waitFor(`the window ${name}`, () => this.window(name));
    await this.mouse(window.x + x, window.y + y, 'click', '1');
  }

  // "+", "Start Conversation", "+", the address, "Add".
  async addContact(jid) {
    await this.activate('add_chat');
    await this.click('Start Conversation', PLACES['Start Conversation'].add);
    await this.click('Add Contact', PLACES['Add Contact'].jid);
    await this.desktop.run('xdotool', ['type', jid]);
    await this.click('Add Contact', PLACES['Add Contact'].add);
    await waitFor(`${this.name} to see ${jid} online`, () => this.log.includes(`:from='${jid}/`));
    await this.desktop.run('xdotool', ['key', 'Escape']);
    await waitFor('the dialogue to be gone', () => this.isGone('Start Conversation'));
  }

  // Opens the conversation with a contact and calls it, kind: audio or video.
  async call(jid, kind) {
    await waitFor('the conversation', async () => {
      const id = await this.query(`SELECT c.id FROM conversation c JOIN jid j ON j.id = c.jid_id
        WHERE j.bare_jid = '${jid}' AND c.type = 0`);
      if (id === '') return this.desktop.run('dino-im', [`xmpp:${jid}?message`]).then(() => false);
      return this.activate('open-conversation', `<int32 ${id}>`).then(() => true);
    });
    // The telephone appears once the contact's capabilities are known.
    await waitFor('the menu of calls', async () => {
      await this.click('main', PLACES.main.telephone);
      await waitFor('a menu', () => this.window('menu'), 2);
      return true;
    });
    await this.click('menu', PLACES.menu[kind]);
    const { id } = await waitFor(`${this.name} to call`, () => this.window('call'));
    // Smaller: a large picture costs a core without a graphics card.
    await this.desktop.run('xdotool', ['windowsize', String(id), '400', '300']);
  }

  // A button of the call: microphone, camera or end. They are shown while the
  // mouse moves.
  async press(button) {
    const window = await waitFor('the window of the call', () => this.window('call'));
    const [x, y] = PLACES.call[button];
    const place = [window.x + window.width / 2 + x, window.y + window.height + y];
    await this.mouse(place[0], place[1] - 40);
    await this.mouse(...place);
    await new Promise((wake) => setTimeout(wake, 500)); // they fade in
    await this.mouse(...place, 'click', '1');
  }

  // The colour of the call's picture, beside what Dino draws upon it.
  async color() {
    const window = await this.window('call');
    return window && this.desktop.color({
      x: window.x + window.width * 0.2, y: window.y + window.height * 0.3,
      width: window.width * 0.2, height: window.height * 0.2,
    });
  }

  isRunning() {
    return this.process.exitCode === null && this.process.signalCode === null;
  }
  shot(name) {
    return this.desktop.shot(join(screenshots, `${name}.png`));
  }

  async stop() {
    await this.activate('quit').catch(() => undefined); // logs out
    await this.desktop.stop();
  }
}
