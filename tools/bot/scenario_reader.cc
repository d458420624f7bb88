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

constexpr size_t kMaxErrors = 100;
constexpr size_t kMaxShown = 60;  // of a value

std::string Show(const json& value) {
  std::string text = value.dump(-1, ' ', false, json::error_handler_t::replace);
  if (text.size() > kMaxShown) text = text.substr(0, kMaxShown) + "...";
  return text;
}

// How many letters are to be added, taken away, changed or swapped with the
// next one.
size_t Distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<size_t>> cost(a.size() + 1,
                                        std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) {
    for (size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        cost[i][j] = i + j;
        continue;
      }
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1,
                             cost[i - 1][j - 1] + (a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
      }
    }
  }
  return cost[a.size()][b.size()];
}

class Reader : public Fields {
 public:
  Reader(const json& object, std::string path, std::vector<std::string>& errors)
      : object_(object), path_(std::move(path)), errors_(errors) {}

  bool IsFile() const override { return true; }
  bool Has(std::string_view name) const override {
    return object_.contains(std::string(name));
  }
  const json* Raw(std::string_view name) override {
    if (std::find(known_.begin(), known_.end(), name) == known_.end()) {
      known_.emplace_back(name);
    }
    const auto found = object_.find(std::string(name));
    return found == object_.end() ? nullptr : &*found;
  }
  void Error(std::string_view name, const std::string& what) override {
    errors_.push_back(ErrorAt(path_, name, what));
  }

  void Bool(std::string_view name, bool& value) override {
    const json* raw = Raw(name);
    if (raw == nullptr) return;
    if (!raw->is_boolean()) {
      return Error(name, Show(*raw) + " is not true or false");
    }
    value = raw->get<bool>();
  }
  void Number(std::string_view name, double& value, double min,
              double max) override {
    const json* raw = Raw(name);
    if (raw == nullptr) return;
    const bool number = raw->is_number();
    const double read = number ? raw->get<double>() : 0;
    if (number && read >= min && read <= max) {
      value = read;
    } else {
      Error(name, Show(*raw) + " is not " + (number ? "" : "a number from ") +
                      absl::StrCat(min, " to ", max));
    }
  }
  void DoInteger(std::string_view name, uint64_t& value, uint64_t min,
                 uint64_t max) override {
    const json* raw = Raw(name);
    if (raw == nullptr) return;
    const uint64_t read =
        raw->is_number_unsigned() ? raw->get<uint64_t>() : min;
    if (raw->is_number_unsigned() && read >= min && read <= max) {
      value = read;
    } else {
      Error(name, Show(*raw) + " is not " +
                      (raw->is_number_integer() ? "" : "a whole number from ") +
                      absl::StrCat(min, " to ", max));
    }
  }
  void Text(std::string_view name, std::string& value,
            size_t max_size) override {
    const json* raw = Raw(name);
    if (raw == nullptr) return;
    if (!raw->is_string() ||
        raw->get_ref<const std::string&>().size() > max_size) {
      return Error(name, absl::StrCat(Show(*raw), " is not a text of at most ",
                                      max_size, " bytes"));
    }
    value = raw->get<std::string>();
  }
  void Texts(std::string_view name, std::vector<std::string>& value,
             size_t max_count) override {
    const json* raw = Raw(name);
    if (raw == nullptr) return;
    if (!raw->is_array() || raw->size() > max_count ||
        !std::all_of(raw->begin(), raw->end(),
                     [](const json& item) { return item.is_string(); })) {
      return Error(name, absl::StrCat(Show(*raw), " is not a list of at most ",
                                      max_count, " texts"));
    }
    value = raw->get<std::vector<std::string>>();
  }
  void DoChoice(std::string_view name, size_t& index,
                const std::vector<std::string_view>& words) override {
    const json* raw = Raw(name);
    if (raw == nullptr) return;
    const auto found = std::find(words.begin(), words.end(), *raw);
    if (found != words.end()) {
      index = static_cast<size_t>(found - words.begin());
      return;
    }
    std::string all;
    for (std::string_view word : words) {
      if (!all.empty()) all += ", ";
      all += word;
    }
    Error(name,
          Show(*raw) + (words.size() == 1 ? " is not " : " is none of ") + all);
  }
  void Object(std::string_view name,
              absl::FunctionRef<void(Fields&)> describe) override {
    const json* raw = Raw(name);
    // Without it as if it were empty: defaults are made on the way.
    static const json kNone = json::object();
    Descend(raw == nullptr ? kNone : *raw, std::string(name),
            [&](Fields& fields) { describe(fields); });
  }
  void Map(
      std::string_view name, const std::vector<std::string>&,
      absl::FunctionRef<void(Fields&, const std::string&)> describe) override {
    const json* raw = Raw(name);
    if (raw == nullptr) return;
    if (!raw->is_object()) return Error(name, "is not an object ({ })");
    for (const auto& [key, value] : raw->items()) {
      const std::string& word = key;
      Descend(value, std::string(name) + "." + key,
              [&](Fields& fields) { describe(fields, word); });
    }
  }
  void DoList(std::string_view name, size_t, size_t max_count,
              absl::FunctionRef<void(size_t)> resize, Item each) override {
    const json* raw = Raw(name);
    if (raw == nullptr) return;
    if (!raw->is_array() || raw->size() > max_count) {
      return Error(name, absl::StrCat("is not a list of at most ", max_count));
    }
    resize(raw->size());
    for (size_t i = 0; i < raw->size(); ++i) {
      Descend((*raw)[i], absl::StrCat(std::string(name), "[", i, "]"),
              [&](Fields& fields) { each(fields, i); });
    }
  }

  // Once all keys have been described.
  void FindUnknown() {
    for (const auto& [key, unused] : object_.items()) {
      if (std::find(known_.begin(), known_.end(), key) == known_.end()) {
        Error(key, "is unknown; " + Remedy(key));
      }
    }
  }

 private:
  void Descend(const json& value, const std::string& name,
               absl::FunctionRef<void(Fields&)> describe) {
    if (!value.is_object()) return Error(name, "is not an object ({ })");
    Reader reader(value, path_.empty() ? name : path_ + "." + name, errors_);
    describe(reader);
    reader.FindUnknown();
  }
  std::string Remedy(const std::string& key) const {
    std::string all;
    std::string nearest;
    size_t least = SIZE_MAX;
    for (const std::string& known : known_) {
      all += (all.empty() ? "" : ", ") + known;
      size_t distance = Distance(key, known);
      // `duration` is nearer to duration_s than to anything as short.
      if (known.starts_with(key) || key.starts_with(known)) {
        distance = std::min<size_t>(distance, 1);
      }
      if (distance < least) {
        least = distance;
        nearest = known;
      }
    }
    if (least <= 1 + key.size() / 4) return "is \"" + nearest + "\" meant?";
    return "known here are " + all;
  }

  const json& object_;
  const std::string path_;
  std::vector<std::string>& errors_;
  std::vector<std::string> known_;
};

// Says where in a text something is.
std::string PlaceOf(std::string_view text, size_t byte) {
  const std::string_view before = text.substr(0, std::min(byte, text.size()));
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const size_t begin = before.rfind('\n');
  const size_t column =
      before.size() - (begin == std::string_view::npos ? 0 : begin + 1);
  return absl::StrCat("line ", line, ", column ", std::max<size_t>(column, 1));
}

std::optional<json> ParseJson(std::string_view text,
                              std::vector<std::string>* errors) {
  // The keys of the objects that are open.
  std::vector<std::set<std::string>> open;
  auto watch = [&](int, json::parse_event_t event, json& parsed) {
    if (event == json::parse_event_t::object_start) {
      open.emplace_back();
    } else if (event == json::parse_event_t::object_end) {
      open.pop_back();
    } else if (event == json::parse_event_t::key &&
               !open.back().insert(parsed.get<std::string>()).second) {
      errors->push_back(Show(parsed) + ": is there twice in one object");
    }
    return true;
  };
  try {
    return json::parse(text, watch, /*allow_exceptions=*/true,
                       /*ignore_comments=*/true);
  } catch (const json::parse_error& error) {
    // The library's own words begin after the place, which it counts in bytes
    // only.
    std::string why = error.what();
    const size_t colon = why.find(": ", why.find("parse error"));
    if (colon != std::string::npos) why = why.substr(colon + 2);
    errors->push_back(PlaceOf(text, error.byte) + ": is no JSON: " + why);
  } catch (const json::exception& error) {
    errors->push_back(std::string("is no JSON: ") + error.what());
  }
  return std::nullopt;
}

}  // namespace

std::optional<Scenario> ParseScenario(std::string_view text,
                                      std::vector<std::string>* errors) {
  std::vector<std::string> found;
  std::optional<Scenario> scenario;
  if (const auto file = ParseJson(text, &found)) {
    if (!file->is_object()) {
      found.push_back(ErrorAt("", "", "is not an object ({ })"));
    } else {
      scenario.emplace();
      Reader reader(*file, "", found);
      DescribeScenario(reader, *scenario);
      reader.FindUnknown();
      if (found.empty()) CheckTogether(*scenario, &found);
    }
  }
  if (found.empty()) return scenario;
  if (found.size() > kMaxErrors) {
    const size_t more = found.size() - kMaxErrors;
    found.resize(kMaxErrors);
    found.push_back(absl::StrCat("and ", more, " errors more"));
  }
  errors->insert(errors->end(), found.begin(), found.end());
  return std::nullopt;
}

}  // namespace bot
