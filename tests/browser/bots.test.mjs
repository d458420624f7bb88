// SPDX-License-Identifier: GPL-3.0-or-later
// A page among eleven bots, which speak in a scripted order.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Person, Server, launchBrowser, startBots, waitFor } from './harness.mjs';

const BOTS = 11;
const VIDEO_SLOTS = 4; // of each bot, so that there is something to choose
const STEP_S = 3;
const ORDER = [10, 3, 7, 0, 5, 9, 1, 3, 8];
const LATE_JOINERS = 20;

let server;
let browser;
let alice;
let bots;
let report;

before(async () => {
  server = await Server.start();
  browser = await launchBrowser();
  alice = await Person.join(browser, server, 'crowd', 'Alice');
  await alice.call('setMuted', true); // Chromium's false microphone beeps
});
after(async () => {
  bots?.kill();
  await browser?.close();
  await server?.stop();
});

// The sources that fill the video slots after `events`.
function filled(events) {
  const slots = new Map();
  for (const { content, source } of events) {
    if (content.startsWith('video')) slots.set(content, source);
  }
  return [...slots.values()];
}

test('the page shows who speaks, in the order of the script', async () => {
  report = join(server.state, 'bots.json');
  bots = startBots(
    server, '--room=crowd', `--bots=${BOTS}`, `--video_slots=${VIDEO_SLOTS}`,
    `--speakers=${ORDER.map((bot) => `${bot}:${STEP_S}`)}`, '--duration_s=1', '--decode',
    `--late_joiners=${LATE_JOINERS}`, `--report=${report}`,
  );
  await waitFor('all bots to have joined', () => bots.output.includes(`joined: ${BOTS}`));
  // What Alice sees, as often as she can look until the script is over.
  const steps = [];
  let over = false;
  bots.ended.then(() => (over = true));
  while (!over && steps.length <= ORDER.length) {
    const { participants, dominant } = await alice.look();
    const speaker = participants.find((one) => one.id === dominant)?.name;
    const name = speaker?.startsWith('Bot ') ? speaker : undefined;
    const frames = name && ((await alice.tile(name)).stats?.framesDecoded ?? 0);
    if (name && name !== steps.at(-1)?.name) steps.push({ name, first: frames });
    if (steps.length > 0) steps.at(-1).last = Math.max(steps.at(-1).last ?? 0, frames ?? 0);
    if (steps.length === ORDER.length && steps.at(-1).last > steps.at(-1).first) break;
    await new Promise((wake) => setTimeout(wake, 100));
  }
  assert.deepEqual(steps.map(({ name }) => name), ORDER.map((bot) => `Bot ${bot}`));
  for (const { name, first, last } of steps) assert.ok(last > first, `Alice sees ${name} while he speaks`);
  await alice.shot('eleven-bots');
});

test('video slots follow recency of speech', async () => {
  assert.equal(await bots.ended, 0, 'the bots are content');
  const { bots: seen, speakers } = JSON.parse(readFileSync(report, 'utf8'));
  const sourceOf = (bot) => `${seen[bot].participant}-v0`;
  assert.deepEqual(speakers.map((step) => step.bot), ORDER);
  for (const [index, viewer] of seen.entries()) {
    for (const [step, { at, bot }] of speakers.entries()) {
      const end = speakers[step + 1]?.at ?? at + STEP_S * 1000;
      const shown = filled(viewer.slot_events.filter((event) => event.at < end));
      assert.ok(!shown.includes(sourceOf(index)), 'nobody is shown to himself');
      if (bot === index) continue;
      assert.ok(shown.includes(sourceOf(bot)), `Bot ${index} is shown Bot ${bot} in step ${step}`);
    }
    const recent = [...new Set([...ORDER].reverse())].filter((bot) => bot !== index).slice(0, VIDEO_SLOTS);
    const last = speakers.at(-1).at + STEP_S * 1000;
    const shown = filled(viewer.slot_events.filter((event) => event.at < last));
    assert.deepEqual(shown.sort(), recent.map(sourceOf).sort(), `what Bot ${index} is shown in the end`);
  }
});

test('all that came was authentic, decodable and in order', () => {
  const { bots: seen } = JSON.parse(readFileSync(report, 'utf8'));
  for (const bot of seen) {
    assert.equal(bot.unauthentic, 0);
    for (const slot of bot.slots) {
      assert.equal(slot.decode_errors, 0, `${bot.name}, ${slot.content}`);
      assert.equal(slot.backward_timestamps, 0, `${bot.name}, ${slot.content}`);
      assert.equal(slot.lost, 0, `${bot.name}, ${slot.content}`);
    }
  }
});

test('a late joiner has its first picture within a second of ICE', () => {
  const { late_joiners: late } = JSON.parse(readFileSync(report, 'utf8'));
  console.log(bots.output);
  assert.equal(late.first_picture_after_ice.length, LATE_JOINERS);
  assert.ok(late.median < 1000, `${late.median} ms`);
});
