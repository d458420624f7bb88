// SPDX-License-Identifier: GPL-3.0-or-later
// The server goes away in an orderly way (SIGTERM) and another takes its place.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Person, Server, launchBrowser, waitFor } from './harness.mjs';

const DRAIN_S = 8;

let server;
let browser;
let people;

before(async () => {
  server = await Server.start('--', `--drain_timeout_s=${DRAIN_S}`);
  browser = await launchBrowser();
  people = [
    await Person.join(browser, server, 'drained', 'Alice'),
    await Person.join(browser, server, 'drained', 'Bob'),
  ];
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

const framesOf = async (viewer, name) => (await viewer.tile(name))?.stats?.framesDecoded ?? 0;

// Everybody gets new pictures of everybody else.
async function allSee(all, seconds = 30) {
  for (const viewer of all) {
    for (const { name } of all.filter((one) => one !== viewer)) {
      let start = await framesOf(viewer, name);
      await waitFor(`${viewer.name} to see ${name}`, async () => {
        const frames = await framesOf(viewer, name);
        if (frames < start) start = 0; // a new session counts anew
        return frames > start + 2;
      }, seconds);
    }
  }
}

test('server drained: pages rejoin by themselves with media', async () => {
  await allSee(people);
  const before = server.facts.server_pid;
  const sids = await Promise.all(people.map(async (person) => (await person.look()).sid));
  process.kill(before, 'SIGTERM');
  const asked = Date.now();
  let joinedAt = 0;
  const carol = Person.join(browser, server, 'drained', 'Carol').then((person) => {
    joinedAt = Date.now();
    return person;
  });
  carol.catch(() => undefined); // awaited below

  // The call goes on; nobody new is in it.
  while (Date.now() < asked + (DRAIN_S - 3) * 1000) {
    await allSee(people, 3);
    for (const [i, person] of people.entries()) {
      const { connection, sid, participants } = await person.look();
      assert.deepEqual([connection, sid, participants.length], ['connected', sids[i], 2]);
    }
  }
  assert.equal(joinedAt, 0, 'Carol is not let in');
  assert.equal(server.facts.server_pid, before);

  await waitFor('another server', () => server.facts.server_pid !== before);
  assert.ok(Date.now() >= asked + DRAIN_S * 1000);
  people.push(await carol);
  await allSee(people);
  console.log(`all three see each other ${Date.now() - asked - DRAIN_S * 1000} ms after the deadline`);
  for (const [i, person] of people.entries()) {
    const { connection, sid, participants } = await person.look();
    assert.equal(connection, 'connected');
    assert.equal(participants.length, 3, 'no ghosts');
    assert.notEqual(sid, sids[i]);
    assert.deepEqual(person.errors, []);
  }
  assert.match(server.log, /event=drained participants=2\n/);
  assert.match(server.log, /carillon exited with status 0/);
});
