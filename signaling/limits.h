// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>

// How much of anything a peer may describe (decisions.md s2).
namespace signaling::limits {

inline constexpr size_t kContents = 32;
inline constexpr size_t kPayloadTypesPerContent = 64;
inline constexpr size_t kPayloadTypes = 128;  // distinct, in a session
inline constexpr size_t kExtensions = 32;     // distinct, in a session
inline constexpr size_t kCandidatesPerContent = 64;
inline constexpr size_t kSsrcs = 20;   // in a session
inline constexpr size_t kGroups = 20;  // of SSRCs, in a session
inline constexpr size_t kParameters = 64;
inline constexpr size_t kFeedbackTypes = 32;
inline constexpr size_t kPins = 25;
inline constexpr size_t kSlotLimits = 32;
inline constexpr size_t kMucItems = 64;  // in a presence
inline constexpr size_t kMucStatuses = 16;
inline constexpr size_t kMucOutcasts = 1000;
inline constexpr size_t kMucOccupants = 5000;
inline constexpr size_t kFormFields = 32;    // of a form, or a row of it
inline constexpr size_t kFormValues = 1000;  // of a field; rows of a table
inline constexpr size_t kTextBytes = 1024;   // of an id, a name, a value

}  // namespace signaling::limits
