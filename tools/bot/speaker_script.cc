// SPDX-License-Identifier: GPL-3.0-or-later
#include "tools/bot/speaker_script.h"

#include <absl/strings/numbers.h>
#include <absl/strings/str_split.h>

#include <string>

namespace bot {

std::optional<std::vector<SpeakerPlan::Turn>> ParseSpeakers(
    std::string_view text, size_t bots) {
  constexpr double kLongestStep = 3600;  // seconds
  std::vector<SpeakerPlan::Turn> script;
  if (text.empty()) return script;
  for (const std::string& step :
       std::vector<std::string>(absl::StrSplit(std::string(text), ','))) {
    const std::vector<std::string> parts = absl::StrSplit(step, ':');
    size_t bot = 0;
    double seconds = 0;
    if (parts.size() != 2 || !absl::SimpleAtoi(parts[0], &bot) ||
        !absl::SimpleAtod(parts[1], &seconds) || bot >= bots ||
        !(seconds > 0) || seconds > kLongestStep) {
      return std::nullopt;
    }
    script.push_back(
        {bot, rtp::TimeDelta(static_cast<int64_t>(seconds * 1e6))});
  }
  return script;
}

}  // namespace bot
