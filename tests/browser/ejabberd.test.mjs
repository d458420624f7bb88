// SPDX-License-Identifier: GPL-3.0-or-later
// The documented set-up with Debian's ejabberd instead of Prosody.
import { hostedTests } from './hosted_tests.mjs';

hostedTests('ejabberd');
