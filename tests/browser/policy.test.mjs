// SPDX-License-Identifier: GPL-3.0-or-later
// A room with a password and a moderator, as the page's user meets them.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Person, Server, launchBrowser, root, waitFor } from './harness.mjs';

const PASSWORD = 'correct horse battery';

let folder;
let server;
let browser;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'carillon-policy-'));
  const policy = join(folder, 'rooms.json');
  const rooms = {
    secret: { access: 'password', password: PASSWORD },
    closed: { access: 'members' },
    moderated: { moderators: ['boss@localhost'] },
  };
  writeFileSync(policy, JSON.stringify({ rooms }));
  server = await Server.start('--', `--room_policy_file=${policy}`);
  execFileSync('prosodyctl', ['--config', join(server.state, 'run/prosody/prosody.cfg.lua'),
    'register', 'boss', 'localhost', PASSWORD]);
  browser = await launchBrowser();
});
after(async () => {
  await browser?.close();
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

// Opens the page without waiting for more than its beginning.
async function open(room, name) {
  const person = new Person();
  person.name = name;
  person.context = await browser.newContext({ viewport: { width: 1100, height: 700 } });
  person.page = await person.context.newPage();
  await person.page.goto(`${server.facts.page}${room}?${new URLSearchParams({ test: '1', name })}`);
  return person;
}

async function joinBy(person, password) {
  await person.page.getByLabel('Password of the room').fill(password);
  await person.page.getByRole('button', { name: 'Join' }).click();
}

test('the page asks for the password, says that it is wrong, and lets in with the right one', async () => {
  const alice = await open('secret', 'Alice');
  await alice.page.getByText('The room has a password.').waitFor();
  await joinBy(alice, 'wrong horse battery');
  await alice.page.getByText('The password is wrong.').waitFor();
  await alice.shot('wrong-password');
  assert.equal((await alice.look()).connection, 'failed');
  await joinBy(alice, PASSWORD);
  await waitFor('Alice to be in', async () => (await alice.look()).connection === 'connected');
  assert.equal(await alice.page.getByLabel('Password of the room').isVisible(), false);

  const bob = await open('secret', 'Bob');
  await bob.page.getByText('The room has a password.').waitFor();
  await joinBy(bob, PASSWORD);
  await alice.sees('Bob', [30, 180, 190]);
  const value = await server.metrics();
  assert.equal(value('carillon_joins_refused_total'), 3);
});

test('who was let in comes back by itself, without being asked again', async () => {
  const carol = await open('secret', 'Carol');
  await carol.page.getByText('The room has a password.').waitFor();
  await joinBy(carol, PASSWORD);
  await waitFor('Carol to be in', async () => (await carol.look()).connection === 'connected');
  const { sid } = await carol.look();
  process.kill(server.facts.server_pid, 'SIGKILL');
  await waitFor('Carol to be in again', async () => {
    const now = await carol.look();
    return now.connection === 'connected' && now.sid !== sid;
  }, 60);
});

test('a closed room says so', async () => {
  const dave = await open('closed', 'Dave');
  await dave.page.getByText('You cannot join: you may not enter this room.').waitFor();
});

// A command of the moderator, who uses another client.
function moderate(command, ...fields) {
  execFileSync('python3', [join(root, 'tests/integration/ad_hoc.py'), String(server.facts.http_port),
    'localhost', 'boss', PASSWORD, `moderated@${server.facts.component}`, command, ...fields]);
}

test('a muted one is told so and cannot pretend, a removed one as well', async () => {
  const alice = await Person.join(browser, server, 'moderated', 'Alice');
  const bob = await Person.join(browser, server, 'moderated', 'Bob');
  await alice.sees('Bob', [30, 180, 190]);
  const { self } = await bob.look();
  moderate('mute', `participants=${self}`, 'what=both');
  await bob.page.getByText('Muted by a moderator: microphone and camera').waitFor();
  await bob.page.keyboard.press('m');
  await bob.page.getByText('A moderator has muted you.').waitFor();
  const button = bob.page.getByRole('button', { name: 'Microphone (m)' });
  assert.equal(await button.getAttribute('aria-pressed'), 'false');
  await bob.shot('muted-by-a-moderator');
  await waitFor('Alice to see that he is muted', async () => {
    const tile = await alice.tile('Bob');
    return tile.moderated && tile.audioMuted && tile.source === '';
  });
  moderate('unmute', `participants=${self}`, 'what=both');
  await alice.sees('Bob', [30, 180, 190]);
  await bob.page.getByText('Muted by a moderator').waitFor({ state: 'hidden' });

  moderate('kick', `participants=${self}`, 'reason=noise');
  await bob.page.getByText('A moderator has removed you from the room: noise.').waitFor();
  await waitFor('Alice to be alone', async () => (await alice.look()).participants.length === 1);
});
