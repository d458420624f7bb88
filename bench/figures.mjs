// SPDX-License-Identifier: GPL-3.0-or-later
// Prints the figures of README.md, measured with the release build:
//   node bench/figures.mjs        (tools/test has installed and built all of it)
import { execFileSync } from 'node:child_process';
import { Server, launchBrowser, startBots, waitFor } from '../tests/browser/harness.mjs';

const JOINS = Number(process.env.JOINS ?? 20);
const BOTS = Number(process.env.BOTS ?? 12);
const MEASURED_S = Number(process.env.MEASURED_S ?? 20);

const median = (values) => {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
};

// From the click on "Join" to the first picture of somebody else, in ms.
async function joinOnce(browser, server) {
  const context = await browser.newContext({ permissions: ['camera', 'microphone'] });
  const page = await context.newPage();
  await page.goto(`${server.facts.page}figures`);
  await page.getByLabel('Name').fill('Visitor');
  await waitFor('the preview', () => page.locator('.preview video').evaluate((video) => video.videoWidth > 0));
  const elapsed = await page.evaluate(() => {
    const begin = performance.now();
    document.querySelector('form button[type=submit]').click();
    return new Promise((done) => {
      const look = () => {
        const seen = [...document.querySelectorAll('.tile:not(.self) video')].some(
          (video) => video.videoWidth > 0 && video.readyState >= 2,
        );
        if (seen) done(performance.now() - begin);
        else requestAnimationFrame(look);
      };
      look();
    });
  });
  await context.close();
  return elapsed;
}

async function joinTimes(server) {
  const bots = startBots(server, '--room=figures', '--bots=2', '--duration_s=600');
  await waitFor('the bots', () => bots.output.includes('joined'));
  const browser = await launchBrowser();
  const times = [];
  for (let i = 0; i < JOINS; ++i) times.push(await joinOnce(browser, server));
  await browser.close();
  bots.kill();
  await bots.ended;
  console.log(
    `join, click to first remote frame: median ${median(times).toFixed(0)} ms, ` +
      `worst ${Math.max(...times).toFixed(0)} ms of ${JOINS}`,
  );
}

async function forwarding(server) {
  const bots = startBots(server, '--room=forwarding', `--bots=${BOTS}`, '--duration_s=600');
  await waitFor('the bots', () => bots.output.includes('joined'));
  await new Promise((wake) => setTimeout(wake, 2000));
  const names = ['carillon_rtp_forwarded_total', 'carillon_worker_cpu_seconds_total', 'carillon_process_cpu_seconds_total'];
  const before = await server.metrics();
  const start = performance.now();
  await new Promise((wake) => setTimeout(wake, MEASURED_S * 1000));
  const after = await server.metrics();
  const seconds = (performance.now() - start) / 1000;
  const [packets, worker, all] = names.map((name) => after(name) - before(name));
  bots.kill();
  await bots.ended;
  console.log(
    `forwarding, ${BOTS} bots in a room, ${(packets / seconds).toFixed(0)} packets/s out, libsrtp2 at the far end: ` +
      `${((worker / packets) * 1e6).toFixed(2)} us of the worker's CPU a packet, ` +
      `${((all / packets) * 1e6).toFixed(2)} us of the whole server's; ` +
      `${((100 * worker) / seconds).toFixed(1)} % of a core`,
  );
}

const cpu = execFileSync('lscpu', { encoding: 'utf8' }).match(/Model name:\s*(.*)/)?.[1] ?? 'unknown';
console.log(`on: ${cpu}`);
const server = await Server.start();
try {
  await joinTimes(server);
  await forwarding(server);
} finally {
  await server.stop();
}
