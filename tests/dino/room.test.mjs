// SPDX-License-Identifier: GPL-3.0-or-later
// Two people with Dino call a room in which somebody is with a browser. Dino
// is Debian's, unmodified, and driven by its windows alone.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Person, Server, isLike, launchBrowser, screenshots, waitFor } from '../browser/harness.mjs';
import { Dino } from './dino.mjs';

const ROOM = 'standup';
const ADDRESS = `${ROOM}@sfu.localhost`;
const PASSWORD = 'not-a-secret';
const COLORS = { alice: [200, 40, 40], bob: [40, 60, 200], Carol: [40, 180, 40] };
// Longer than the 30 s after which a silent path counts as lost, twice.
const QUIET_S = 65;

let server;
let browser;
let alice;
let bob;
let carol;

// Waits until the one picture of `dino` is that of `name`.
async function shows(dino, name, seconds = 20) {
  await waitFor(`${dino.name} to see ${name}`, async () => {
    const color = await dino.color();
    if (color && isLike(color, COLORS[name])) return true;
    throw new Error(`${color}`);
  }, seconds).catch(async (error) => {
    await dino.shot(`dino-${dino.name}-not-${name}`);
    throw error;
  });
}

async function hears(dino) {
  await waitFor(`${dino.name} to hear somebody`, async () => (await dino.desktop.listen()) > 0.02);
}

function isIn(name) {
  return carol.look().then((look) => look.participants.some((each) => each.name === name));
}

before(async () => {
  const tls = process.env.CARILLON_XMPP_TLS;
  // libnice has no candidates of loopback, so media takes all addresses.
  server = await Server.startOn('', '--prosody-port-base', '5222',
    '--xmpp-certificate', join(tls, 'certificate.pem'), '--xmpp-key', join(tls, 'key.pem'));
  for (const user of ['alice', 'bob']) {
    execFileSync('prosodyctl', ['--config', join(server.state, 'run/prosody/prosody.cfg.lua'),
      'register', user, 'localhost', PASSWORD]);
  }
  browser = await launchBrowser();
  carol = await Person.join(browser, server, ROOM, 'Carol');
  alice = await Dino.start(1, 'alice@localhost', PASSWORD, COLORS.alice);
  bob = await Dino.start(2, 'bob@localhost', PASSWORD, COLORS.bob);
});
after(async () => {
  for (const dino of [alice, bob]) {
    await dino?.shot(`dino-${dino.name}-end`).catch(() => undefined);
    if (dino) writeFileSync(join(screenshots, `dino-${dino.name}.log`), dino.log);
  }
  await alice?.stop();
  await bob?.stop();
  await browser?.close();
  await server?.stop();
});

test('Dino calls the room like any contact, with its camera', async () => {
  await alice.addContact(ADDRESS);
  await alice.call(ADDRESS, 'video');
  await carol.sees('alice', COLORS.alice);
  await shows(alice, 'Carol');
  await hears(alice);
});

test('another calls without a camera, and turns it on in mid-call', async () => {
  await bob.addContact(ADDRESS);
  await bob.call(ADDRESS, 'audio');
  await waitFor('Bob to be in the room', () => isIn('bob'));
  await hears(bob);
  await bob.press('camera');
  await carol.sees('bob', COLORS.bob);
  await shows(bob, 'Carol');
  await alice.shot('dino-alice');
  await bob.shot('dino-bob');
  await carol.shot('dino-page');
});

test('the one picture of a Dino is that of who speaks', async () => {
  await carol.call('setMuted', true);
  alice.desktop.speak(true);
  await shows(bob, 'alice');
  await hears(bob);
  await carol.hears();
  alice.desktop.speak(false);
  bob.desktop.speak(true);
  await shows(alice, 'bob');
  await hears(alice);
  await carol.hears();
  bob.desktop.speak(false);
  await carol.call('setMuted', false);
  await shows(alice, 'Carol');
  await shows(bob, 'Carol');
});

test(`muted and without a camera a Dino stays for ${QUIET_S} s`, async () => {
  await alice.press('microphone');
  await alice.press('camera');
  await waitFor('the page to know', async () => {
    const tile = await carol.tile('alice');
    return tile?.audioMuted && tile.content === '';
  });
  // Frames of Bob come to the page all the time.
  const frames = async () => (await carol.tile('bob'))?.stats?.framesDecoded ?? 0;
  let last = { frames: await frames(), at: Date.now() };
  let longest = 0;
  const end = Date.now() + QUIET_S * 1000;
  while (Date.now() < end) {
    await new Promise((wake) => setTimeout(wake, 500));
    assert.ok(await isIn('alice'), 'Alice is in the room');
    const now = await frames();
    longest = Math.max(longest, Date.now() - last.at);
    if (now !== last.frames) last = { frames: now, at: Date.now() };
  }
  console.log(`longest without a frame of Bob: ${longest} ms`);
  assert.ok(longest < 5000, `${longest} ms without a frame of Bob`);
  await shows(alice, 'Carol');
  await alice.press('microphone');
  await alice.press('camera');
  await carol.sees('alice', COLORS.alice);
});

test('who hangs up is gone at once', async () => {
  await bob.press('end');
  await waitFor('Bob to be gone', async () => !(await isIn('bob')), 5);
  await waitFor("Bob's window to be gone", () => bob.isGone('call'));
  await alice.press('end');
  await waitFor('Alice to be gone', async () => !(await isIn('alice')), 5);
});

test('nothing went wrong that nobody saw', async () => {
  for (const dino of [alice, bob]) {
    assert.ok(dino.isRunning(), `the Dino of ${dino.name} has ended`);
    assert.doesNotMatch(dino.log, /second ssrc/i);
  }
  assert.deepEqual(carol.errors, []);
  assert.doesNotMatch(server.log, /event=participant_failed/);
});

process.on('exit', () => console.log(`pictures are in ${screenshots}`));
