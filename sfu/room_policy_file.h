// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <absl/status/statusor.h>

#include <string>

#include "signaling/room_policy.h"

namespace sfu {

// What a file of room policy says (docs/configuration.md): JSON, in which
// comments are allowed. An error is one line that tells which key is wrong,
// why, and what to do.
absl::StatusOr<signaling::ServerPolicy> ParseRoomPolicy(
    const std::string& text);

// The same for the file at `path`, which is read.
absl::StatusOr<signaling::ServerPolicy> ReadRoomPolicyFile(
    const std::string& path);

}  // namespace sfu
