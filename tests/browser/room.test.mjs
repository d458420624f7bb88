// SPDX-License-Identifier: GPL-3.0-or-later
// Three people meet in a room, as the page's user would see it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Person, Server, launchBrowser, waitFor } from './harness.mjs';

// What tools/room/src/media.ts paints for these names.
const COLORS = { Alice: [200, 40, 40], Bob: [30, 180, 190], Carol: [40, 180, 40] };
const TOGETHER_S = Number(process.env.CARILLON_LONG ? 180 : 60);

let server;
let browser;
let alice;
let bob;
let carol;

before(async () => {
  server = await Server.start();
  browser = await launchBrowser();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

test('three pages see and hear each other', async () => {
  alice = await Person.join(browser, server, 'meet', 'Alice');
  bob = await Person.join(browser, server, 'meet', 'Bob');
  carol = await Person.join(browser, server, 'meet', 'Carol');
  for (const viewer of [alice, bob, carol]) {
    for (const shown of [alice, bob, carol]) {
      if (viewer !== shown) await viewer.sees(shown.name, COLORS[shown.name]);
    }
    await viewer.hears();
    assert.match((await viewer.look()).srtpCipher, /AEAD_AES_128_GCM/);
  }
  await alice.shot('three-people');
});

test(`for ${TOGETHER_S} s no picture freezes for over a second`, async () => {
  const frames = async (person) =>
    Object.fromEntries((await person.look()).tiles.filter((tile) => !tile.self)
      .map((tile) => [tile.name, tile.stats?.framesDecoded ?? 0]));
  const people = [alice, bob, carol];
  // The longest time without a new frame, looked at ten times a second.
  const longest = new Map();
  const last = new Map();
  const end = Date.now() + TOGETHER_S * 1000;
  while (Date.now() < end) {
    for (const person of people) {
      for (const [name, count] of Object.entries(await frames(person))) {
        const key = `${person.name} sees ${name}`;
        const known = last.get(key);
        if (!known || known.count !== count) {
          last.set(key, { count, at: Date.now() });
        } else {
          longest.set(key, Math.max(longest.get(key) ?? 0, Date.now() - known.at));
        }
      }
    }
    await new Promise((wake) => setTimeout(wake, 100));
  }
  console.log('longest without a new frame, ms:', Object.fromEntries(longest));
  for (const [key, ms] of longest) {
    // Half a second is how often the page looks at its own statistics.
    assert.ok(ms < 1500, `${key}: ${ms} ms without a frame`);
  }
});

test('muting is seen by the others', async () => {
  await alice.call('setMuted', true);
  await waitFor('Bob to see that Alice is muted', async () => (await bob.tile('Alice')).audioMuted);
  await alice.call('setMuted', false);
  await waitFor('Bob to see that Alice is not muted', async () => !(await bob.tile('Alice')).audioMuted);
});

test('a camera that is off leaves no picture behind', async () => {
  await alice.call('setCamera', false);
  await waitFor('Bob to see no picture of Alice', async () => (await bob.tile('Alice')).content === '');
  await alice.call('setCamera', true);
  await bob.sees('Alice', COLORS.Alice);
});

test('a shared screen is shown large, besides the camera', async () => {
  await alice.call('shareScreen', true);
  await waitFor('Bob to see the screen', async () => {
    const tile = await bob.tile('Alice', true);
    return tile?.stats?.framesDecoded > 2 && tile.color && Math.abs(tile.color[0] - 128) < 40;
  });
  assert.ok(await bob.page.locator('.stage .tile.screen').isVisible());
  await bob.sees('Alice', COLORS.Alice);
  await bob.shot('screen-shared');
  await alice.call('shareScreen', false);
  await waitFor('the screen to be gone', async () => !(await bob.tile('Alice', true)));
});

test('a pinned person is on the stage', async () => {
  const key = (await bob.tile('Carol')).key;
  await bob.call('pin', key);
  await waitFor('Carol on the stage', () => bob.page.locator('.stage .tile.pinned').isVisible());
  await bob.sees('Carol', COLORS.Carol);
  await bob.call('pin', key);
});

test('chat reaches everybody', async () => {
  await waitFor('Alice to be in the chat', async () => {
    await alice.call('sendChat', 'Good morning');
    return (await carol.look()).chat.some((line) => line.nick === 'Alice' && line.text === 'Good morning');
  });
  await carol.page.keyboard.press('c');
  await waitFor('the chat to be open', () => carol.page.locator('.chat').isVisible());
  await carol.shot('chat');
  await carol.page.locator('.chat header button').click();
});

test('media goes on while the XMPP server restarts, and signalling comes back', async () => {
  const sids = await Promise.all([alice, bob, carol].map(async (person) => (await person.look()).sid));
  const framesOfBob = async () => (await alice.tile('Bob')).stats.framesDecoded;
  const prosody = server.facts.prosody_pid;
  server.restartProsody();
  await waitFor('another Prosody', () => server.facts.prosody_pid !== prosody);
  const before = await framesOfBob();
  await waitFor('frames to go on', async () => (await framesOfBob()) > before + 10, 5);
  for (const person of [alice, bob, carol]) {
    await waitFor(`${person.name} to be connected again`, async () => (await person.look()).connection === 'connected', 45);
  }
  assert.deepEqual(await Promise.all([alice, bob, carol].map(async (person) => (await person.look()).sid)), sids, 'the sessions are the same');
  await alice.call('setMuted', true);
  await waitFor('signalling to work', async () => (await bob.tile('Alice')).audioMuted, 20);
  await alice.call('setMuted', false);
  assert.equal((await bob.look()).participants.length, 3);
});

test('a tab that is killed is gone for the others', async () => {
  const killed = Date.now();
  // The renderer dies without a word; nobody says goodbye.
  await Promise.race([carol.page.goto('chrome://crash').catch(() => undefined), carol.page.waitForEvent('crash')]);
  await waitFor('Carol to be gone', async () => !(await alice.tile('Carol')), 25);
  console.log(`a killed tab was gone after ${Date.now() - killed} ms`);
});

test('who leaves is gone at once', async () => {
  await bob.call('leave');
  await waitFor('Bob to be gone', async () => !(await alice.tile('Bob')), 3);
  assert.deepEqual(alice.errors, []);
  assert.deepEqual(bob.errors, []);
});

test('the lobby and a phone', async () => {
  const context = await browser.newContext({ viewport: { width: 390, height: 844 }, hasTouch: true });
  const page = await context.newPage();
  await page.goto(`${server.facts.page}phone`);
  await page.getByLabel('Name').fill('Dora');
  await page.screenshot({ path: `${process.env.CARILLON_SCREENSHOTS ?? '/tmp/carillon-screenshots'}/lobby-phone.png` });
  await page.getByRole('button', { name: 'Join' }).click();
  await waitFor('Dora in the room', () => page.getByText('Connected', { exact: true }).isVisible());
  await page.screenshot({ path: `${process.env.CARILLON_SCREENSHOTS ?? '/tmp/carillon-screenshots'}/room-phone.png` });
  await context.close();
});
