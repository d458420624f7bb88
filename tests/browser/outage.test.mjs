// SPDX-License-Identifier: GPL-3.0-or-later
// The network between people and server goes away and comes back. Runs in a
// network namespace of its own (run_test --private-network).
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import { Person, Server, launchBrowser, waitFor } from './harness.mjs';

const pause = (seconds) => new Promise((wake) => setTimeout(wake, seconds * 1000));
const nft = (commands) => execFileSync('nft', ['-f', '-'], { input: commands });

let server;
let browser;
let people;

before(async () => {
  server = await Server.start();
  browser = await launchBrowser();
  people = [
    await Person.join(browser, server, 'outage', 'Alice'),
    await Person.join(browser, server, 'outage', 'Bob'),
  ];
  await allSee();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

const other = (person) => people.find((one) => one !== person);
const framesOf = async (person) =>
  (await person.tile(other(person).name))?.stats?.framesDecoded ?? 0;

// Everybody gets new pictures of the other.
async function allSee(seconds = 30) {
  const start = await Promise.all(people.map(framesOf));
  for (const [i, person] of people.entries()) {
    await waitFor(`${person.name} to see the other`, async () => {
      const frames = await framesOf(person);
      if (frames < start[i]) start[i] = 0; // a new session counts anew
      return frames > start[i] + 2;
    }, seconds);
  }
}

// Nothing passes between pages and server: neither media nor the page's XMPP.
async function cut(seconds) {
  const { http_port: http, media_ports: media } = server.facts;
  const drops = ['udp dport', 'udp sport']
    .map((what) => `add rule inet cut output ${what} { ${media} } drop`)
    .concat(['tcp dport', 'tcp sport'].map((what) => `add rule inet cut output ${what} ${http} drop`));
  nft(['add table inet cut', 'add chain inet cut output { type filter hook output priority 0; }', ...drops].join('\n'));
  await pause(seconds);
  nft('delete table inet cut');
}

test('5 s without network: the call goes on', async () => {
  const sids = await Promise.all(people.map(async (person) => (await person.look()).sid));
  await cut(5);
  const healed = Date.now();
  await allSee(10);
  console.log(`pictures ${Date.now() - healed} ms after 5 s without network`);
  for (const person of people) {
    await waitFor(`${person.name} to be connected`, async () => (await person.look()).connection === 'connected');
  }
  assert.deepEqual(await Promise.all(people.map(async (person) => (await person.look()).sid)), sids);
  await people[0].call('setMuted', true);
  await waitFor('Bob to see that', async () => (await people[1].tile('Alice')).audioMuted, 20);
  await people[0].call('setMuted', false);
});

test('45 s without network: everybody comes back by himself', async () => {
  await cut(45);
  const healed = Date.now();
  await allSee(60);
  console.log(`pictures ${Date.now() - healed} ms after 45 s without network`);
  for (const person of people) {
    await waitFor('no ghosts', async () => (await person.look()).participants.length === 2, 60);
    assert.deepEqual(person.errors, []);
  }
});
