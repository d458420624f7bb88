// SPDX-License-Identifier: GPL-3.0-or-later
// Carillon with an XMPP server of somebody's own, set up as docs/hosting.md
// tells: the files of docs/hosting/ are used as they are, but for ports and
// the secret.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePortBase, programs, root, waitFor } from './harness.mjs';

const SECRET = 'only-for-this-test-run';

function replace(text, pairs) {
  for (const [from, to] of pairs) {
    if (text.search(from) < 0) throw new Error(`the documented configuration has no ${from}`);
    text = text.replace(from, () => to);
  }
  return text;
}

const documented = (file, pairs) =>
  replace(readFileSync(join(root, 'docs/hosting', file), 'utf8'), [['PUT-A-SECRET-HERE', SECRET], ...pairs]);

// Each writes its configuration to `directory` and tells how to start it.
const servers = {
  ejabberd(directory, ports) {
    // Debian's own file, but for what would listen and what needs a certificate.
    const listener = `listen:\n  - module: ejabberd_c2s\n    ip: 127.0.0.1\n    port: ${ports.c2s}\n` +
      '    shaper: c2s_shaper\n    access: c2s\n';
    writeFileSync(join(directory, 'ejabberd.yml'),
      replace(readFileSync('/usr/share/ejabberd/ejabberd.yml.example', 'utf8'), [
        [/^listen:\n(?:[ #].*\n|\n)*/m, listener],
        [/^certfiles:\n(?:[ #].*\n|\n)*/m, ''],
      ]) + `\ninclude_config_file: ${join(directory, 'carillon.yml')}\n`);
    writeFileSync(join(directory, 'carillon.yml'), documented('ejabberd.yml', [
      ['port: 5347', `port: ${ports.component}`],
      ['port: 5281', `port: ${ports.websocket}`],
    ]));
    // Not ejabberdctl: it becomes another user and leaves epmd behind, the
    // port mapper of Erlang. Without a node's name there is none.
    return {
      argv: ['erl', '-noinput', '-mnesia', 'dir', `"${directory}"`, '-s', 'ejabberd'],
      env: {
        EJABBERD_CONFIG_PATH: join(directory, 'ejabberd.yml'),
        EJABBERD_LOG_PATH: join(directory, 'ejabberd.log'),
        ERL_CRASH_DUMP: '/dev/null',
        ERL_LIBS: readFileSync('/usr/sbin/ejabberdctl', 'utf8').match(/^ERL_LIBS='(.+)'$/m)[1],
        HOME: directory,
      },
    };
  },
  prosody(directory, ports) {
    const text = (value) => JSON.stringify(value);
    writeFileSync(join(directory, 'carillon.cfg.lua'), documented('prosody.cfg.lua', []));
    writeFileSync(join(directory, 'prosody.cfg.lua'), `
run_as_root = ${process.getuid() === 0}
data_path = ${text(directory)}
pidfile = ${text(join(directory, 'prosody.pid'))}
log = { { levels = { min = "info" }; to = "console" } }
c2s_ports = { ${ports.c2s} }
c2s_interfaces = { "127.0.0.1" }
c2s_direct_tls_ports = { }
s2s_ports = { }
component_ports = { ${ports.component} }
http_ports = { ${ports.websocket} }
https_ports = { }
-- As in Debian's file.
modules_enabled = { "disco"; "roster"; "saslauth"; "tls"; "dialback"; "limits"; "smacks"; "ping" }
limits = { c2s = { rate = "10kb/s" }, s2sin = { rate = "30kb/s" } }
authentication = "internal_hashed"
VirtualHost "localhost"
Include ${text(join(directory, 'carillon.cfg.lua'))}
`);
    return { argv: ['prosody', '--config', join(directory, 'prosody.cfg.lua'), '-F'], env: {} };
  },
};

// It dies with us, even if we are killed.
function start(argv, env = {}) {
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', ...argv],
    { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
  child.log = '';
  child.ended = once(child, 'close');
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (child.log += data));
  return child;
}

async function stop(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  const late = setTimeout(() => child.kill('SIGKILL'), 15_000);
  await child.ended;
  clearTimeout(late);
}

// Has what harness.mjs's Person and startBots need of a Server.
export class HostedServer {
  static async start(kind) {
    const server = new HostedServer();
    server.directory = mkdtempSync(join(tmpdir(), `carillon-${kind}-`));
    const base = await freePortBase();
    const ports = { c2s: base + 2, component: base + 3, websocket: base + 4 };
    const xmpp = join(server.directory, kind);
    mkdirSync(xmpp);
    server.how = servers[kind](xmpp, ports);
    const secret = join(server.directory, 'secret');
    writeFileSync(secret, `${SECRET}\n`, { mode: 0o600 });
    server.facts = { page: `http://127.0.0.1:${base}/`, admin_port: base + 1 };
    server.websocket = `ws://127.0.0.1:${ports.websocket}/xmpp-websocket`;
    server.flags = [
      // As documented; later flags win.
      `--flagfile=${join(root, 'docs/hosting/carillon.conf')}`,
      `--component_port=${ports.component}`,
      `--component_secret_file=${secret}`,
      `--xmpp_websocket=${server.websocket}`,
      `--http_listen=127.0.0.1:${base}`,
      `--admin_listen=127.0.0.1:${base + 1}`,
      `--page_dir=${join(root, 'tools/room/dist')}`,
      '--media_address=127.0.0.1',
      '--advertise=127.0.0.1',
      `--media_port=${base + 10}`,
    ];
    try {
      server.startXmpp();
      server.startCarillon();
      await server.ready();
    } catch (error) {
      await server.stop();
      throw error;
    }
    return server;
  }

  startXmpp() {
    this.xmpp = start(this.how.argv, this.how.env);
  }
  startCarillon() {
    this.carillon = start([join(programs, 'sfu/carillon'), ...this.flags]);
  }

  // The component link is up.
  ready() {
    return waitFor('Carillon to be ready', async () => {
      for (const child of [this.xmpp, this.carillon]) {
        if (child.exitCode !== null) throw new Error(child.log);
      }
      return (await fetch(`http://127.0.0.1:${this.facts.admin_port}/readyz`)).ok;
    }, 60);
  }

  async restartXmpp() {
    await stop(this.xmpp);
    this.startXmpp();
  }

  // Without a goodbye, as when its machine loses power; and starts another.
  async killCarillon() {
    this.carillon.kill('SIGKILL');
    await this.carillon.ended;
    this.startCarillon();
  }

  async stop() {
    for (const child of [this.carillon, this.xmpp]) if (child) await stop(child);
    rmSync(this.directory, { recursive: true, force: true });
  }
}
