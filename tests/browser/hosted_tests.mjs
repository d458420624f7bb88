// SPDX-License-Identifier: GPL-3.0-or-later
// What has to work with anybody's XMPP server.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { SASL, createClient } from 'stanza';
import { Person, launchBrowser, waitFor } from './harness.mjs';
import { HostedServer } from './hosted.mjs';

const COLORS = { Alice: [200, 40, 40], Bob: [30, 180, 190] };

export function hostedTests(kind) {
  let server;
  let browser;
  let alice;
  let bob;

  before(async () => {
    server = await HostedServer.start(kind);
    browser = await launchBrowser();
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  test('two pages see and hear each other', async () => {
    alice = await Person.join(browser, server, 'meet', 'Alice');
    bob = await Person.join(browser, server, 'meet', 'Bob');
    await alice.sees('Bob', COLORS.Bob);
    await bob.sees('Alice', COLORS.Alice);
    await alice.hears();
  });

  test('chat reaches the other', async () => {
    await waitFor('Bob to read what Alice wrote', async () => {
      await alice.call('sendChat', 'Good morning');
      return (await bob.look()).chat.some((line) => line.nick === 'Alice' && line.text === 'Good morning');
    });
  });

  test('media goes on while the XMPP server restarts, and signalling comes back', async () => {
    const people = [alice, bob];
    const sids = await Promise.all(people.map(async (person) => (await person.look()).sid));
    const frames = async () => (await alice.tile('Bob')).stats.framesDecoded;
    const start = Date.now();
    await server.restartXmpp();
    const before = await frames();
    await waitFor('frames to go on', async () => (await frames()) > before + 10, 5);
    await server.ready();
    for (const person of people) {
      await waitFor(`${person.name} to be connected again`,
        async () => (await person.look()).connection === 'connected', 60);
    }
    console.log(`signalling was back ${Date.now() - start} ms after the stop began`);
    assert.deepEqual(await Promise.all(people.map(async (person) => (await person.look()).sid)), sids);
    await alice.call('setMuted', true);
    await waitFor('Bob to see that', async () => (await bob.tile('Alice')).audioMuted, 20);
    await alice.call('setMuted', false);
  });

  test('a Carillon that was killed is let in again, and the pages come back', async () => {
    const calls = async () => Promise.all([alice, bob].map(async (person) => (await person.look()).sid));
    const old = await calls();
    await server.killCarillon();
    const start = Date.now();
    await server.ready();
    console.log(`ready ${Date.now() - start} ms after its start`);
    await waitFor('new calls', async () => (await calls()).every((sid) => sid && !old.includes(sid)), 30);
    await alice.sees('Bob', COLORS.Bob);
    await bob.sees('Alice', COLORS.Alice);
    console.log(`pictures ${Date.now() - start} ms after its start`);
    await waitFor('no ghosts', async () => (await alice.look()).participants.length === 2, 30);
  });

  test('an anonymous guest reaches no other server', async () => {
    const guest = createClient({ server: 'guest.example.org', transports: { websocket: server.websocket, bosh: false } });
    guest.sasl = new SASL.Factory();
    guest.sasl.register('ANONYMOUS', SASL.ANONYMOUS, 1);
    guest.connect();
    await once(guest, 'session:started');
    const refused = await guest.ping('elsewhere.invalid').then(() => undefined, (answer) => answer.error);
    guest.disconnect();
    // Not just that there is no such server.
    assert.match(refused?.condition, /^(forbidden|not-allowed)$/);
  });

  test('who leaves is gone', async () => {
    await bob.call('leave');
    await waitFor('Bob to be gone', async () => !(await alice.tile('Bob')), 3);
    assert.deepEqual(alice.errors, []);
    assert.deepEqual(bob.errors, []);
  });
}
