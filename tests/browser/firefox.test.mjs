// SPDX-License-Identifier: GPL-3.0-or-later
// Firefox ESR in a room with Chromium and with a bot.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Person, Server, launchBrowser, launchFirefox, screenshots, startBots, waitFor } from './harness.mjs';

const COLORS = { Alice: [200, 40, 40], Bob: [30, 180, 190] };

let server;
let chromium;
let firefox;
let alice; // Firefox
let bob; // Chromium

before(async () => {
  server = await Server.start();
  chromium = await launchBrowser();
  firefox = await launchFirefox();
  console.log(`Firefox ${firefox.version()}, Chromium ${chromium.version()}`);
});
after(async () => {
  await firefox?.close();
  await chromium?.close();
  await server?.stop();
});

test('Firefox and Chromium see and hear each other', async () => {
  alice = await Person.join(firefox, server, 'meet', 'Alice');
  bob = await Person.join(chromium, server, 'meet', 'Bob');
  await alice.sees('Bob', COLORS.Bob);
  await bob.sees('Alice', COLORS.Alice);
  await alice.hears();
  await bob.hears();
});

test('the call of Firefox lasts', async () => {
  const sid = (await alice.look()).sid;
  const frames = async (viewer, name) => (await viewer.tile(name))?.stats?.framesDecoded ?? 0;
  const start = [await frames(alice, 'Bob'), await frames(bob, 'Alice')];
  // 20 a second; longer than the page waits for media before it calls anew.
  for (const [i, [viewer, name]] of [[alice, 'Bob'], [bob, 'Alice']].entries()) {
    await waitFor(`${viewer.name} to go on seeing ${name}`,
      async () => (await frames(viewer, name)) > start[i] + 200, 40);
  }
  assert.equal((await alice.look()).sid, sid);
});

test('camera, screen, mute and chat of Firefox', async () => {
  await alice.call('setCamera', false);
  await waitFor('Bob to see no picture of Alice', async () => (await bob.tile('Alice')).content === '');
  await alice.call('setCamera', true);
  await bob.sees('Alice', COLORS.Alice);
  await alice.call('shareScreen', true);
  await waitFor('Bob to see the screen', async () => (await bob.tile('Alice', true))?.stats?.framesDecoded > 2);
  await alice.call('shareScreen', false);
  await alice.call('setMuted', true);
  await waitFor('Bob to see that Alice is muted', async () => (await bob.tile('Alice')).audioMuted);
  await alice.call('setMuted', false);
  await waitFor('Bob to read what Alice wrote', async () => {
    await alice.call('sendChat', 'Good morning');
    return (await bob.look()).chat.some((line) => line.nick === 'Alice' && line.text === 'Good morning');
  });
});

test('Firefox and a bot decode each other', async () => {
  const carol = await Person.join(firefox, server, 'bot', 'Carol');
  const file = join(server.state, 'bot.json');
  const bot = startBots(server, '--room=bot', '--bots=1', '--duration_s=10', '--decode', `--report=${file}`);
  await waitFor('Carol to see the bot', async () => {
    const { tiles } = await carol.look();
    return tiles.some((tile) => !tile.self && tile.stats?.framesDecoded > 20);
  });
  assert.equal(await bot.ended, 0, bot.output);
  const [seen] = JSON.parse(readFileSync(file, 'utf8')).bots;
  assert.equal(seen.unauthentic, 0);
  const frames = seen.slots.find((slot) => slot.content === 'video0').frames;
  console.log(`the bot decoded ${frames} frames of Firefox in 10 s`);
  assert.ok(frames > 50, `${frames} frames`);
  for (const slot of seen.slots) assert.equal(slot.decode_errors, 0, slot.content);
  await waitFor('the bot to be gone', async () => (await carol.look()).participants.length === 1, 10);
  assert.deepEqual(carol.errors, []);
});

test('through the lobby, with devices', async () => {
  const page = await (await firefox.newContext({ viewport: { width: 1100, height: 700 } })).newPage();
  await page.goto(`${server.facts.page}meet`);
  await page.getByLabel('Name').fill('Dora');
  await page.getByRole('button', { name: 'Join' }).click();
  await waitFor('Bob to see Dora', async () => (await bob.tile('Dora'))?.stats?.framesDecoded > 5);
  await waitFor('Dora to see three pictures', () => page.evaluate(() =>
    [...document.querySelectorAll('video')].filter((video) => video.videoWidth > 0 && video.currentTime > 1).length >= 3));
  await page.screenshot({ path: join(screenshots, 'firefox.png') });
});

test('who leaves is gone', async () => {
  await alice.call('leave');
  await waitFor('Alice to be gone', async () => !(await bob.tile('Alice')), 3);
  assert.deepEqual(alice.errors, []);
  assert.deepEqual(bob.errors, []);
});
