// SPDX-License-Identifier: GPL-3.0-or-later
// The documented set-up with a Prosody that is not the one of tools/run.
import { hostedTests } from './hosted_tests.mjs';

hostedTests('prosody');
