// SPDX-License-Identifier: GPL-3.0-or-later
#include "tools/bot/report/findings.h"

#include <absl/strings/str_format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "tools/bot/report/summary.h"
#include "tools/bot/report/totals.h"

namespace bot {
namespace {

// What 1 of each ratio, or a second, weighs: sound is missed more than
// pictures, and whatever was lost shows twice.
constexpr double kFrozen = 1;
constexpr double kSilent = 2;
constexpr double kLost = 5;
constexpr double kLatency = 0.5;

double Share(double part, double whole) { return whole > 0 ? part / whole : 0; }

std::string Percent(double share) { return TellNumber(share * 100) + " %"; }

using Reason = std::pair<double, std::string>;

std::vector<Reason> ReasonsOf(const BotFigures& bot) {
  MediaTotals audio;
  MediaTotals video;
  for (const StreamFigures& stream : bot.streams) {
    (stream.kind == rtp::MediaKind::kVideo ? video : audio).Add(stream);
  }
  MediaTotals media = audio;
  media.Add(video);
  const double frozen =
      Share(Milliseconds(video.frozen), Milliseconds(video.watched));
  const double silent =
      Share(Milliseconds(audio.audio_gap_time), Milliseconds(audio.watched));
  const double lost = Share(static_cast<double>(media.lost),
                            static_cast<double>(media.expected()));
  const double latency = Milliseconds(media.latency.Percentile(0.99));
  std::vector<Reason> reasons = {
      {frozen * kFrozen, absl::StrFormat("frozen %s", Percent(frozen))},
      {silent * kSilent, absl::StrFormat("silent %s", Percent(silent))},
      {lost * kLost, absl::StrFormat("loss %s", Percent(lost))},
      {latency / 1000 * kLatency,
       absl::StrFormat("latency p99 %s ms", TellNumber(latency))},
  };
  if (media.decode_errors > 0) {
    reasons.emplace_back(
        0.1, absl::StrFormat("%d decode errors", media.decode_errors));
  }
  if (bot.state == BotState::kJoined && media.streams == 0 &&
      !bot.streams.empty()) {
    reasons.emplace_back(1, "received nothing");
  }
  std::stable_sort(
      reasons.begin(), reasons.end(),
      [](const Reason& a, const Reason& b) { return a.first > b.first; });
  return reasons;
}

}  // namespace

std::string_view StateName(BotState state) {
  switch (state) {
    case BotState::kWaiting:
      return "waiting";
    case BotState::kJoining:
      return "joining";
    case BotState::kJoined:
      return "joined";
    case BotState::kLeft:
      return "left";
    case BotState::kFailed:
      return "failed";
  }
  return "";
}

std::vector<WorstBot> WorstBots(const RunFigures& figures, size_t count) {
  std::vector<WorstBot> worst;
  for (const BotFigures& bot : figures.bots) {
    if (bot.state == BotState::kFailed) continue;
    WorstBot one{&bot, 0, {}};
    for (const auto& [badness, text] : ReasonsOf(bot)) {
      one.badness += badness;
      // Not what hardly weighs.
      if (badness <= 0 || badness < one.badness / 20) continue;
      if (!one.why.empty()) one.why += ", ";
      one.why += text;
    }
    if (one.badness > 0) worst.push_back(std::move(one));
  }
  std::stable_sort(worst.begin(), worst.end(),
                   [](const WorstBot& a, const WorstBot& b) {
                     return a.badness > b.badness;
                   });
  if (worst.size() > count) worst.resize(count);
  return worst;
}

std::vector<FailureGroup> GroupFailures(const RunFigures& figures) {
  std::map<std::string, std::vector<const BotFigures*>> by_reason;
  for (const BotFigures& bot : figures.bots) {
    if (bot.state == BotState::kFailed) {
      by_reason[bot.failure.empty() ? "no reason told" : bot.failure].push_back(
          &bot);
    }
  }
  std::vector<FailureGroup> groups;
  for (auto& [reason, bots] : by_reason) {
    groups.push_back({reason, std::move(bots)});
  }
  std::stable_sort(groups.begin(), groups.end(),
                   [](const FailureGroup& a, const FailureGroup& b) {
                     return a.bots.size() > b.bots.size();
                   });
  return groups;
}

}  // namespace bot
