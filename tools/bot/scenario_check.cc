// SPDX-License-Identifier: GPL-3.0-or-later
#include <absl/strings/str_cat.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "tools/bot/scenario.h"
#include "tools/bot/scenario_fields.h"

namespace bot {
namespace {

using nlohmann::json;
using rtp::TimeDelta;

// So many actions keep a plan within some hundred megabytes.
constexpr double kMaxActions = 2'000'000;

// Checks what is there.
class Checker : public Fields {
 public:
  Checker(std::string path, std::vector<std::string>& errors)
      : path_(std::move(path)), errors_(errors) {}

  bool Has(std::string_view) const override { return false; }
  const json* Raw(std::string_view) override { return nullptr; }
  void Error(std::string_view name, const std::string& what) override {
    errors_.push_back(ErrorAt(path_, name, what));
  }
  void Bool(std::string_view, bool&) override {}
  void Number(std::string_view name, double& value, double min,
              double max) override {
    // Not a number is out of every range.
    if (value >= min && value <= max) return;
    Error(name, absl::StrCat(value, " is not ", min, " to ", max));
  }
  void DoInteger(std::string_view name, uint64_t& value, uint64_t min,
                 uint64_t max) override {
    if (value >= min && value <= max) return;
    Error(name, absl::StrCat(value, " is not ", min, " to ", max));
  }
  void Text(std::string_view name, std::string& value,
            size_t max_size) override {
    if (value.size() <= max_size) return;
    Error(name, absl::StrCat("is longer than ", max_size, " bytes"));
  }
  void Texts(std::string_view name, std::vector<std::string>& value,
             size_t max_count) override {
    if (value.size() <= max_count) return;
    Error(name, absl::StrCat("has more than ", max_count, " entries"));
  }
  void DoChoice(std::string_view name, size_t& index,
                const std::vector<std::string_view>& words) override {
    if (index < words.size()) return;
    Error(name, "is none of those that there are");
  }
  void Object(std::string_view name,
              absl::FunctionRef<void(Fields&)> describe) override {
    Checker inner(Join(std::string(name)), errors_);
    describe(inner);
  }
  void Map(
      std::string_view name, const std::vector<std::string>& keys,
      absl::FunctionRef<void(Fields&, const std::string&)> describe) override {
    for (const std::string& key : keys) {
      Checker inner(Join(std::string(name) + "." + key), errors_);
      describe(inner, key);
    }
  }
  void DoList(std::string_view name, size_t count, size_t max_count,
              absl::FunctionRef<void(size_t)>, Item each) override {
    if (count > max_count) {
      Error(name, absl::StrCat("has more than ", max_count, " entries"));
    }
    for (size_t i = 0; i < count; ++i) {
      Checker inner(Join(absl::StrCat(std::string(name), "[", i, "]")),
                    errors_);
      each(inner, i);
    }
  }

 private:
  std::string Join(const std::string& name) const {
    return path_.empty() ? name : path_ + "." + name;
  }
  const std::string path_;
  std::vector<std::string>& errors_;
};

// Lists all keys.
class Lister : public Fields {
 public:
  Lister(std::string path, std::vector<std::string>& keys)
      : path_(std::move(path)), keys_(keys) {}

  bool Has(std::string_view name) const override {
    Note(name);
    return false;
  }
  const json* Raw(std::string_view name) override {
    Note(name);
    return nullptr;
  }
  bool WantsAll() const override { return true; }
  void Error(std::string_view, const std::string&) override {}
  void Bool(std::string_view name, bool&) override { Note(name); }
  void Number(std::string_view name, double&, double, double) override {
    Note(name);
  }
  void DoInteger(std::string_view name, uint64_t&, uint64_t,
                 uint64_t) override {
    Note(name);
  }
  void Text(std::string_view name, std::string&, size_t) override {
    Note(name);
  }
  void Texts(std::string_view name, std::vector<std::string>&,
             size_t) override {
    Note(name);
  }
  void DoChoice(std::string_view name, size_t&,
                const std::vector<std::string_view>&) override {
    Note(name);
  }
  void Object(std::string_view name,
              absl::FunctionRef<void(Fields&)> describe) override {
    Lister inner(Note(name), keys_);
    describe(inner);
  }
  void Map(
      std::string_view name, const std::vector<std::string>&,
      absl::FunctionRef<void(Fields&, const std::string&)> describe) override {
    Lister inner(Note(name) + ".NAME", keys_);
    describe(inner, "NAME");
  }
  void DoList(std::string_view name, size_t, size_t,
              absl::FunctionRef<void(size_t)> resize, Item each) override {
    resize(1);
    Lister inner(Note(name) + "[]", keys_);
    each(inner, 0);
  }

 private:
  std::string Note(std::string_view name) const {
    std::string key = (path_.empty() ? "" : path_ + ".") + std::string(name);
    if (std::find(keys_.begin(), keys_.end(), key) == keys_.end()) {
      keys_.push_back(key);
    }
    return key;
  }
  const std::string path_;
  std::vector<std::string>& keys_;
};

// Errors that need the whole scenario.
class WholeCheck {
 public:
  WholeCheck(const Scenario& scenario, std::vector<std::string>& errors)
      : scenario_(scenario), errors_(errors), bots_(scenario.bots()) {
    for (const Group& group : scenario.groups) {
      for (size_t i = 0; i < group.rooms; ++i) {
        rooms_.insert(RoomName(group, i));
      }
    }
  }

  void Run() {
    if (bots_ == 0 || bots_ > kMaxBots) {
      Error("groups",
            absl::StrCat(bots_, " bots in all are not 1 to ", kMaxBots));
    }
    for (size_t i = 0; i < scenario_.groups.size(); ++i) {
      CheckGroup(absl::StrCat("groups[", i, "]"), scenario_.groups[i]);
    }
    for (size_t i = 0; i < scenario_.impairment_rules.size(); ++i) {
      CheckRule(absl::StrCat("impaired[", i, "]"),
                scenario_.impairment_rules[i]);
    }
    for (size_t i = 0; i < scenario_.events.size(); ++i) {
      CheckWho(absl::StrCat("events[", i, "].who"), scenario_.events[i].who);
    }
    CheckSize();
  }

 private:
  void Error(const std::string& path, const std::string& what) {
    errors_.push_back(ErrorAt(path, "", what));
  }
  void CheckGroup(const std::string& path, const Group& group) {
    for (const auto& [name, count] :
         {std::pair(".senders.audio", group.audio_senders),
          {".senders.video", group.video_senders}}) {
      if (count != SIZE_MAX && count > group.bots) {
        Error(path + name, absl::StrCat(count, " is not 0 to ", group.bots,
                                        ", the bots of a room"));
      }
    }
    for (size_t i = 0; i < group.speakers.script.size(); ++i) {
      const size_t bot = group.speakers.script[i].bot;
      if (bot < group.bots) continue;
      Error(absl::StrCat(path, ".speakers.script[", i, "].bot"),
            absl::StrCat(bot, " is not 0 to ", group.bots - 1,
                         ", the bots of a room"));
    }
  }
  void CheckRule(const std::string& path, const ImpairmentRule& rule) {
    CheckWho(path + ".who", rule.who);
    TimeDelta last{};
    for (size_t i = 0; i < rule.steps.size(); ++i) {
      const ImpairmentRule::Step& step = rule.steps[i];
      const std::string at = absl::StrCat(path, ".steps[", i, "]");
      if (!scenario_.impairments.contains(step.profile) &&
          !KnownImpairments().contains(step.profile)) {
        Error(at + ".profile", json(step.profile).dump() +
                                   " is none of impairments: " + Profiles());
      }
      if (step.at < last) Error(at + ".at_s", "is before the step before");
      last = step.at;
    }
  }
  std::string Profiles() const {
    std::set<std::string> names;
    for (const auto& [name, unused] : scenario_.impairments) names.insert(name);
    for (const auto& [name, unused] : KnownImpairments()) names.insert(name);
    std::string all;
    for (const std::string& name : names) {
      all += (all.empty() ? "" : ", ") + name;
    }
    return all;
  }
  void CheckWho(const std::string& path, const Who& who) {
    for (const auto& [first, last] : who.seats) {
      if (first <= last && last < bots_) continue;
      Error(path, absl::StrCat(last, " is not 0 to ", bots_ - 1,
                               ", the numbers of the bots"));
    }
    if (!who.room.empty() && !rooms_.contains(who.room)) {
      Error(path + ".room", json(who.room).dump() + " is the name of no room");
    }
    if (who.group && *who.group >= scenario_.groups.size()) {
      Error(path + ".group", absl::StrCat(*who.group, " is not 0 to ",
                                          scenario_.groups.size() - 1));
    }
  }
  // How long the run is about, in seconds.
  double Length() const {
    double joined = 0;
    for (const Group& group : scenario_.groups) {
      const auto count = static_cast<double>(group.rooms * group.bots);
      const double at = static_cast<double>(group.join.at.count()) / 1e6;
      joined = std::max(
          joined, at + (group.join.storm ? 0 : count / group.join.rate_per_s));
    }
    return joined + static_cast<double>(scenario_.duration.count()) / 1e6;
  }
  void CheckSize() {
    const double length = Length();
    auto times = [length](TimeDelta every) {
      const double seconds = static_cast<double>(every.count()) / 1e6;
      return seconds > 0 ? 1 + length / seconds : 0;
    };
    auto check = [this](const std::string& path, double actions) {
      if (actions <= kMaxActions) return true;
      Error(path, absl::StrCat("would be some ", actions,
                               " actions, more than ", kMaxActions));
      return false;
    };
    for (size_t i = 0; i < scenario_.groups.size(); ++i) {
      const Group& group = scenario_.groups[i];
      const std::string path = absl::StrCat("groups[", i, "]");
      const auto bots = static_cast<double>(group.rooms * group.bots);
      check(path + ".layout.pin_every_s", times(group.layout.pin_every) * bots);
      check(path + ".churn.mean_stay_s",
            2 * times(group.churn.mean_stay) * bots);
      double turns = 0;
      if (group.speakers.kind == SpeakerPlan::Kind::kRandom) {
        turns =
            times(group.speakers.mean_talk) *
            (2 + group.speakers.laugh * 2 * static_cast<double>(group.bots));
      } else if (group.speakers.loop) {
        TimeDelta sum{};
        for (const auto& turn : group.speakers.script) sum += turn.length;
        turns =
            times(sum) * 2 * static_cast<double>(group.speakers.script.size());
      }
      check(path + ".speakers", turns * static_cast<double>(group.rooms));
    }
    for (size_t i = 0; i < scenario_.events.size(); ++i) {
      const Event& event = scenario_.events[i];
      double each = 1;
      if (event.kind == EventKind::kKeyFrame) {
        each =
            1 + event.per_s * static_cast<double>(event.length.count()) / 1e6;
      }
      if (event.every > TimeDelta::zero()) each *= times(event.every);
      check(absl::StrCat("events[", i, "]"), each * static_cast<double>(bots_));
    }
  }

  const Scenario& scenario_;
  std::vector<std::string>& errors_;
  const size_t bots_;
  std::set<std::string> rooms_;
};

}  // namespace

void CheckTogether(const Scenario& scenario, std::vector<std::string>* errors) {
  WholeCheck(scenario, *errors).Run();
}

std::vector<std::string> CheckScenario(const Scenario& scenario) {
  std::vector<std::string> errors;
  Scenario copy = scenario;
  Checker checker("", errors);
  DescribeScenario(checker, copy);
  if (scenario.groups.empty()) errors.push_back("groups: there are none");
  if (errors.empty()) CheckTogether(scenario, &errors);
  return errors;
}

std::vector<std::string> ScenarioKeys() {
  std::vector<std::string> keys;
  Scenario scenario;
  Lister lister("", keys);
  DescribeScenario(lister, scenario);
  return keys;
}

}  // namespace bot
