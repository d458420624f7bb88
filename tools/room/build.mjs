// SPDX-License-Identifier: GPL-3.0-or-later
// Builds the page into dist/ (or --outdir DIR), or with --test its unit tests.
import { build } from 'esbuild';
import { cp, mkdir, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const argument = (name) => {
  const at = process.argv.indexOf(name);
  return at < 0 ? undefined : process.argv[at + 1];
};

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
  await build({
    entryPoints: [join(here, 'src/main.ts')],
    bundle: true,
    minify: true,
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
  await cp(join(here, 'src/index.html'), join(outdir, 'index.html'));
  await cp(join(here, 'src/icon.svg'), join(outdir, 'assets/icon.svg'));
}
