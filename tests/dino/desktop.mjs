// SPDX-License-Identifier: GPL-3.0-or-later
// A desktop for one program: a display without a screen, a session bus, and a
// PipeWire with a false microphone, camera and loudspeaker. Each program gets
// one of its own: two readers of one false camera stop after seconds.
import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, openSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { root, waitFor } from '../browser/harness.mjs';

const run = promisify(execFile);

// Wide enough for Dino's two windows side by side.
export const SCREEN = { width: 1920, height: 800 };

export class Desktop {
  // `number` of its display, free in this mount namespace; `color` of its
  // camera, [red, green, blue].
  static async start(number, color) {
    const desktop = new Desktop();
    desktop.folder = mkdtempSync(join(tmpdir(), 'carillon-desktop-'));
    desktop.processes = [];
    const home = join(desktop.folder, 'home');
    const runtime = join(desktop.folder, 'run');
    mkdirSync(home);
    mkdirSync(runtime, { mode: 0o700 });
    desktop.display = `:${number}`;
    desktop.environment = {
      PATH: process.env.PATH,
      LANG: 'C.UTF-8',
      HOME: home,
      XDG_RUNTIME_DIR: runtime,
      DISPLAY: desktop.display,
      DBUS_SESSION_BUS_ADDRESS: `unix:path=${join(runtime, 'bus')}`,
      GDK_BACKEND: 'x11',
      GSK_RENDERER: 'cairo',
      LIBGL_ALWAYS_SOFTWARE: '1',
      NO_AT_BRIDGE: '1',
      G_MESSAGES_DEBUG: 'rtp', // Dino then says which SSRCs it sees
    };
    await desktop.#startScreen(number);
    await desktop.#startSound();
    desktop.#sound('wave=pink-noise', 'volume=0.005'); // no room is silent
    await desktop.#startCamera(color);
    return desktop;
  }

  async #startCamera(color) {
    this.spawn('pipewire', []);
    await waitFor('PipeWire', () => existsSync(join(this.environment.XDG_RUNTIME_DIR, 'pipewire-0')));
    this.spawn('wireplumber', []);
    this.#runCamera(color);
    await waitFor('the camera', async () => (await this.run('pw-cli', ['ls', 'Node'])).includes('"camera"'));
  }

  async #startScreen(number) {
    this.spawn('Xvfb', [
      this.display, '-nolock', '-nolisten', 'tcp',
      '-screen', '0', `${SCREEN.width}x${SCREEN.height}x24`,
    ]);
    await waitFor('Xvfb', () => existsSync(`/tmp/.X11-unix/X${number}`));
    this.spawn('dbus-daemon', [
      '--session', '--nofork', '--nopidfile', `--address=${this.environment.DBUS_SESSION_BUS_ADDRESS}`,
    ]);
    await waitFor('the session bus', () => existsSync(join(this.environment.XDG_RUNTIME_DIR, 'bus')));
    this.spawn('openbox', []);
  }

  // PipeWire's sink for GStreamer sometimes ends when a reader went away.
  #runCamera(color) {
    if (this.stopping) return;
    this.camera = this.spawn('gst-launch-1.0', [
      '-q', 'videotestsrc', 'is-live=true', 'pattern=ball', `background-color=${argb(color)}`,
      '!', 'video/x-raw,format=YUY2,width=320,height=240,framerate=10/1',
      '!', 'identity', 'drop-allocation=true',
      '!', 'pipewiresink', 'sync=false',
      'stream-properties=props,media.class=Video/Source,media.role=Camera,' +
        'node.name=camera,node.description=camera',
    ]);
    this.camera.once('exit', () => {
      this.cameras = (this.cameras ?? 0) + 1;
      this.#runCamera(color);
    });
  }

  // PulseAudio itself: PipeWire's stand-in for it sometimes gives Dino nothing.
  async #startSound() {
    const usr = join(root, 'build/unpacked/pulseaudio/usr');
    const inside = (name) => readdirSync(join(usr, 'lib'))
      .map((folder) => join(usr, 'lib', folder, name)).find(existsSync);
    this.environment.LD_LIBRARY_PATH = `${inside('pulseaudio')}:${inside('modules')}`;
    this.spawn(join(usr, 'bin/pulseaudio'), [
      `--dl-search-path=${inside('modules')}`,
      '-n', '--daemonize=no', '--use-pid-file=no', '--exit-idle-time=-1', '--realtime=no', '--high-priority=no',
      '-L', 'module-native-protocol-unix',
      '-L', 'module-null-sink sink_name=loudspeaker',
      '-L', 'module-null-sink sink_name=mouth channels=1 channel_map=mono',
      '-L', 'module-remap-source source_name=microphone master=mouth.monitor',
    ]);
    delete this.environment.LD_LIBRARY_PATH;
    await waitFor('sound', async () => {
      await this.run('pactl', ['set-default-source', 'microphone']);
      await this.run('pactl', ['set-default-sink', 'loudspeaker']);
      return true;
    });
  }

  // Into the microphone.
  #sound(...source) {
    return this.spawn('gst-launch-1.0', [
      '-q', 'audiotestsrc', 'is-live=true', ...source,
      '!', 'audio/x-raw,channels=1,rate=48000', '!', 'pulsesink', 'device=mouth',
    ]);
  }

  // Starts `program` here; what it prints goes to a file of its name.
  spawn(program, words) {
    const log = openSync(join(this.folder, `${basename(program)}.log`), 'a');
    const child = spawn(program, words, { env: this.environment, stdio: ['ignore', log, log] });
    child.on('error', () => undefined); // seen as what it does not do
    this.processes.push(child);
    return child;
  }

  // Runs `program` to its end; its output.
  async run(program, words, seconds = 20) {
    const { stdout } = await run(program, words, { env: this.environment, timeout: seconds * 1000, maxBuffer: 1 << 26 });
    return stdout;
  }

  // Whether somebody speaks into the microphone: ticks, as noise suppression
  // takes away what goes on and on.
  speak(on) {
    this.voice?.kill();
    this.voice = on
      ? this.#sound('wave=ticks', 'volume=0.9', 'tick-interval=100000000', 'sine-periods-per-tick=30')
      : null;
  }

  // The loudest sample that the loudspeaker plays within `seconds`, of 1.
  async listen(seconds = 1) {
    const file = spawn('parec', ['-d', 'loudspeaker.monitor', '--format=s16le', '--rate=16000', '--channels=1'], {
      env: this.environment, stdio: ['ignore', 'pipe', 'ignore'],
    });
    let peak = 0;
    let heard = 0;
    file.stdout.on('data', (data) => {
      heard += data.length;
      for (let i = 0; i + 1 < data.length; i += 2) peak = Math.max(peak, Math.abs(data.readInt16LE(i)));
    });
    try {
      await waitFor('the loudspeaker', () => heard > seconds * 32000, seconds + 10);
    } finally {
      file.kill();
    }
    return peak / 32768;
  }

  // The average colour of a part of the screen, [red, green, blue].
  async color({ x, y, width, height }) {
    const crop = `${Math.round(width)}x${Math.round(height)}+${Math.round(x)}+${Math.round(y)}`;
    const file = join(this.folder, 'screen.png');
    await this.shot(file);
    const text = await this.run('convert', [file, '-crop', crop, '+repage', '-scale', '1x1!', '-depth', '8', 'txt:-']);
    return text.match(/\((\d+),(\d+),(\d+)/).slice(1, 4).map(Number);
  }

  shot(file) {
    return this.run('import', ['-window', 'root', '-silent', file]);
  }

  async stop() {
    this.stopping = true;
    for (const child of this.processes.reverse()) child.kill('SIGTERM');
    await Promise.all(this.processes.map((child) => child.exitCode !== null || child.signalCode !== null ||
      child.pid === undefined ? null : Promise.race([
      new Promise((done) => child.once('exit', done)),
      new Promise((done) => setTimeout(() => done(child.kill('SIGKILL')), 3000)),
    ])));
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

function argb([red, green, blue]) {
  return String((0xff000000 + red * 65536 + green * 256 + blue) >>> 0);
}
