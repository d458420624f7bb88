// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace sfu {

// `carillon doctor`: looks at what goes wrong in practice and says what to do,
// on the standard output. `argv[1]` is the word "doctor"; the rest are the
// server's flags and doctor's own. Returns the exit code: 0 unless something
// failed. docs/doctor.md tells an operator about it.
int RunDoctor(int argc, char** argv);

}  // namespace sfu
