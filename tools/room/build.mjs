// SPDX-License-Identifier: GPL-3.0-or-later
// Builds the page into dist/ (or --outdir DIR), or with --test its unit tests.
import { build } from 'esbuild';
import { cp, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const argument = (name) => {
  const at = process.argv.indexOf(name);
  return at < 0 ? undefined : process.argv[at + 1];
};

// The licences of all packages that esbuild took something from: they are to be
// where their code is.
async function licences(inputs) {
  const folders = new Set();
  for (const path of Object.keys(inputs)) {
    const found = path.match(/^.*node_modules\/(?:@[^/]+\/)?[^/]+/);
    if (found) folders.add(found[0]);
  }
  const parts = [];
  for (const folder of [...folders].sort()) {
    const { name, version, license } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
    const file = (await readdir(folder)).find((entry) => /^(licen[cs]e|copying)/i.test(entry));
    const text = file ? await readFile(join(folder, file), 'utf8') : '';
    parts.push(`${name} ${version} (${license})\n\n${text.trim()}\n`);
  }
  return parts.join(`\n${'-'.repeat(72)}\n\n`);
}

if (process.argv.includes('--test')) {
  const outdir = join(here, 'build-test');
  await rm(outdir, { recursive: true, force: true });
  await build({
    entryPoints: [join(here, 'src/room_state.test.ts')],
    bundle: true,
    platform: 'node',
    format: 'esm',
    outdir,
    outExtension: { '.js': '.mjs' },
  });
} else {
  const outdir = resolve(argument('--outdir') ?? process.env.ROOM_DIST ?? join(here, 'dist'));
  await rm(outdir, { recursive: true, force: true });
  await mkdir(join(outdir, 'assets'), { recursive: true });
  const { metafile } = await build({
    entryPoints: [join(here, 'src/main.ts')],
    bundle: true,
    minify: true,
    metafile: true,
    format: 'iife',
    target: 'es2022',
    define: { global: 'globalThis' },
    outfile: join(outdir, 'assets/room.js'),
    logLevel: 'warning',
  });
  await build({
    entryPoints: [join(here, 'src/room.css')],
    minify: true,
    outfile: join(outdir, 'assets/room.css'),
    logLevel: 'warning',
  });
  await writeFile(join(outdir, 'assets/licences.txt'), await licences(metafile.inputs));
  await cp(join(here, 'src/index.html'), join(outdir, 'index.html'));
  await cp(join(here, 'src/icon.svg'), join(outdir, 'assets/icon.svg'));
}
