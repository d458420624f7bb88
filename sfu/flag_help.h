// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace sfu {

// Answers --help and --version among the arguments on the standard output;
// true if one was there, and there is nothing more to do. absl would end with
// status 1, and list no flags that are defined beside main().
bool AnswerHelp(int argc, char** argv, const char* usage);

}  // namespace sfu
