// SPDX-License-Identifier: GPL-3.0-or-later
// Kills the server (SIGKILL) under two pages, again and again, and prints how
// long each is without the other's picture:
//   node bench/restart.mjs        (tools/test has installed and built all of it)
import { Person, Server, launchBrowser, waitFor } from '../tests/browser/harness.mjs';

const KILLS = Number(process.env.KILLS ?? 20);
const TARGET_MS = 8000;

// What a page goes through, in this order, and what each step measures.
const STEPS = [
  ['noticed', 'the page notices: its XMPP stream breaks, or no media comes'],
  ['online', 'its XMPP stream is back: the server restarts'],
  ['called', 'the room answers, the page calls it'],
  ['connected', "libwebrtc's ICE and DTLS"],
  ['picture', "the other's first new picture, once that page is back too"],
];

const restarts = []; // ms until the new server was ready, as tools/run saw it

const quantile = (values, q) => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(q * sorted.length) - 1)];
};

// In the page: notes when each step is reached, on the clock of all processes.
function watch() {
  const videos = () => [...document.querySelectorAll('.tile:not(.self) video')];
  const old = new Set(videos().map((video) => video.srcObject));
  const { sid } = window.carillon.phase();
  const steps = {};
  const reached = (step, is) => is && (steps[step] ??= Date.now());
  const timer = setInterval(() => {
    const now = window.carillon.phase();
    reached('noticed', now.connection !== 'connected');
    if (!steps.noticed) return;
    reached('online', now.online);
    reached('called', now.sid !== sid);
    reached('connected', now.sid !== sid && now.connection === 'connected');
    reached('picture', videos().some((video) =>
      !old.has(video.srcObject) && video.videoWidth > 0 && video.readyState >= 2));
    if (steps.picture) clearInterval(timer);
  }, 20);
  window.steps = steps;
}

async function killOnce(server, people) {
  for (const person of people) await person.page.evaluate(watch);
  const { server_pid: pid } = server.facts;
  const killed = Date.now();
  process.kill(pid, 'SIGKILL');
  const ready = waitFor('a new run.json', () => server.facts.server_pid !== pid)
    .then(() => restarts.push(Date.now() - killed));
  const all = [];
  for (const person of people) {
    const steps = await waitFor(`${person.name} to see the other again`, async () => {
      const noted = await person.page.evaluate(() => window.steps);
      return noted.picture && noted;
    }, 60);
    all.push(Object.fromEntries(STEPS.map(([step]) => [step, (steps[step] ?? steps.picture) - killed])));
  }
  await ready;
  return all;
}

async function settle(people) {
  for (const person of people) {
    const other = people.find((one) => one !== person);
    await waitFor(`${person.name} to see ${other.name}`, async () => {
      const { connection, participants } = await person.look();
      const tile = await person.tile(other.name);
      return connection === 'connected' && participants.length === 2 && tile?.stats?.framesDecoded > 30;
    });
  }
}

const server = await Server.start();
const browser = await launchBrowser();
let met = false;
try {
  const people = [];
  for (const name of ['Alice', 'Bob']) people.push(await Person.join(browser, server, 'restart', name));
  const outages = [];
  for (let i = 0; i < KILLS; ++i) {
    await settle(people);
    outages.push(...(await killOnce(server, people)));
    const last = outages.slice(-2).map((steps) => STEPS.map(([step]) => steps[step]).join(' '));
    console.log(`kill ${i + 1}: ${last.join(' | ')} ms`);
  }
  console.log(
    `tools/run has a new server that is ready: median ${quantile(restarts, 0.5)} ms, ` +
      `p95 ${quantile(restarts, 0.95)} ms; of the pages:`,
  );
  let before = null;
  for (const [step, what] of STEPS) {
    const times = outages.map((steps) => steps[step] - (before ? steps[before] : 0));
    console.log(`  ${what}: median ${quantile(times, 0.5)} ms, p95 ${quantile(times, 0.95)} ms`);
    before = step;
  }
  const whole = outages.map((steps) => steps.picture);
  met = quantile(whole, 0.95) <= TARGET_MS;
  console.log(
    `kill -9 to the first new picture, ${KILLS} kills, two pages: median ${quantile(whole, 0.5)} ms, ` +
      `p95 ${quantile(whole, 0.95)} ms, worst ${Math.max(...whole)} ms ` +
      `(${met ? 'within' : 'BEYOND'} ${TARGET_MS} ms)`,
  );
} finally {
  await browser.close();
  await server.stop();
}
process.exitCode = met ? 0 : 1;
