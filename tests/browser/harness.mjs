// SPDX-License-Identifier: GPL-3.0-or-later
// Starts tools/run and Chromium for a test, and waits for facts.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, firefox } from 'playwright-core';

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

export const screenshots = process.env.CARILLON_SCREENSHOTS ?? join(tmpdir(), 'carillon-screenshots');
mkdirSync(screenshots, { recursive: true });

// Where the programs under test are.
export const programs = process.env.CARILLON_BUILD_DIR ?? join(root, 'build/release');

const CHROMIUM_FLAGS = [
  '--no-sandbox',
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
  '--allow-loopback-in-peer-connection',
  '--autoplay-policy=no-user-gesture-required',
  '--disable-features=WebRtcHideLocalIpsWithMdns',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // A page in the background is throttled; here all but one always are.
  '--disable-background-timer-throttling',
  '--disable-renderer-backgrounding',
  '--disable-backgrounding-occluded-windows',
];

const FIREFOX_PREFERENCES = {
  'media.autoplay.default': 0,
  'media.cubeb.force_mock_context': true, // sound without a sound card
  'media.navigator.permission.disabled': true,
  'media.navigator.streams.fake': true,
  'media.peerconnection.ice.loopback': true,
  // Only who may use a camera gets candidates of other than the default route.
  'permissions.default.camera': 1,
  'permissions.default.microphone': 1,
};

// Repeats `check` until it gives something truthy, and returns that.
export async function waitFor(what, check, seconds = 30) {
  const end = Date.now() + seconds * 1000;
  let last;
  for (;;) {
    try {
      last = await check();
    } catch (error) {
      last = error;
    }
    if (last && !(last instanceof Error)) return last;
    if (Date.now() > end) throw new Error(`waited ${seconds} s in vain: ${what} (${last})`);
    await new Promise((wake) => setTimeout(wake, 100));
  }
}

function canListen(port) {
  return new Promise((tell) => {
    const server = createServer();
    server.once('error', () => tell(false));
    server.listen(port, '127.0.0.1', () => server.close(() => tell(true)));
  });
}

export async function freePortBase() {
  for (let step = 0; step < 200; ++step) {
    const base = 30000 + ((process.pid + step) % 200) * 20;
    const free = await Promise.all([0, 1, 2, 3, 4].map((i) => canListen(base + i)));
    if (free.every(Boolean)) return base;
  }
  throw new Error('no free ports between 30000 and 34000');
}

// More options for tools/run, of the variant of a test that CMake makes.
const serverOptions = (process.env.CARILLON_SERVER_OPTIONS ?? '').split(' ').filter(Boolean);

// A running Carillon with a Prosody of its own.
export class Server {
  static start(...options) {
    return Server.startOn('--host 127.0.0.1', ...options);
  }

  // `host`: which addresses it takes, as an option of tools/run; '' for all.
  static async startOn(host, ...options) {
    const server = new Server();
    server.state = mkdtempSync(join(tmpdir(), 'carillon-browser-'));
    const base = await freePortBase();
    server.process = spawn(
      join(root, 'tools/run'),
      ['--no-build', '--build-dir', programs, '--state', join(server.state, 'run'),
        ...host.split(' ').filter(Boolean), '--port-base', String(base), ...options, ...serverOptions],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    server.log = '';
    for (const stream of [server.process.stdout, server.process.stderr]) {
      stream.on('data', (data) => (server.log += data));
    }
    await waitFor('tools/run to be up', () => {
      if (server.process.exitCode !== null) throw new Error(server.log);
      return existsSync(join(server.state, 'run/run.json'));
    }, 90);
    return server;
  }

  get facts() {
    return JSON.parse(readFileSync(join(this.state, 'run/run.json'), 'utf8'));
  }

  restartProsody() {
    this.process.kill('SIGUSR1');
  }

  async metrics() {
    const text = await (await fetch(`http://127.0.0.1:${this.facts.admin_port}/metrics`)).text();
    const value = (name) =>
      text
        .split('\n')
        .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
        .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
    return value;
  }

  async stop() {
    this.process.kill('SIGTERM');
    await new Promise((done) => this.process.once('exit', done));
    rmSync(this.state, { recursive: true, force: true });
    if (/Sanitizer|runtime error/.test(this.log)) throw new Error(this.log);
  }
}

// Bots for that server. `output` is what they print, `ended` their exit code.
export function startBots(server, ...options) {
  const bots = spawn(
    join(programs, 'tools/bot/carillon-bot'),
    [`--run_json=${join(server.state, 'run/run.json')}`, ...options],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  bots.output = '';
  bots.stdout.on('data', (data) => (bots.output += data));
  bots.ended = new Promise((done) => bots.once('exit', done));
  return bots;
}

export function launchBrowser(...flags) {
  return chromium.launch({
    executablePath: '/usr/bin/chromium',
    headless: true,
    args: [...CHROMIUM_FLAGS, ...flags],
  });
}

// Debian's Firefox, over WebDriver BiDi.
export function launchFirefox() {
  return firefox.launch({
    channel: 'moz-firefox',
    executablePath: '/usr/bin/firefox-esr',
    headless: true,
    firefoxUserPrefs: FIREFOX_PREFERENCES,
  });
}

// A participant in the room page's test mode.
export class Person {
  static async join(browser, server, room, name) {
    const person = new Person();
    person.name = name;
    person.errors = [];
    person.context = await browser.newContext({ viewport: { width: 1100, height: 700 } });
    person.page = await person.context.newPage();
    person.page.on('pageerror', (error) => person.errors.push(error.message));
    const query = new URLSearchParams({ test: '1', name });
    await person.page.goto(`${server.facts.page}${room}?${query}`);
    await waitFor(`${name} to be connected`, async () => (await person.look()).connection === 'connected');
    return person;
  }

  look() {
    return this.page.evaluate(() => window.carillon.snapshot());
  }
  async tile(name, screen = false) {
    const { tiles } = await this.look();
    return tiles.find((tile) => tile.name === name && tile.screen === screen);
  }
  call(method, ...values) {
    return this.page.evaluate(
      ([name, parameters]) => window.carillon[name](...parameters),
      [method, values],
    );
  }
  shot(name) {
    return this.page.screenshot({ path: join(screenshots, `${name}.png`) });
  }

  // Sees `name`, in that person's colour, with frames that keep coming.
  async sees(name, color) {
    await waitFor(`${this.name} to see ${name} in ${color}`, async () => {
      const tile = await this.tile(name);
      return tile?.color && tile.stats?.framesDecoded > 5 && isLike(tile.color, color);
    });
  }
  async hears(seconds = 10) {
    const energy = async () =>
      (await this.look()).inbound
        .filter(([, stats]) => stats.kind === 'audio')
        .reduce((sum, [, stats]) => sum + stats.audioEnergy, 0);
    const before = await energy();
    await waitFor(`${this.name} to hear somebody`, async () => (await energy()) > before + 0.001, seconds);
  }
}

// Whether two colours are the same but for what encoding does to them.
export function isLike(a, b) {
  return a.every((value, i) => Math.abs(value - b[i]) < 60);
}
