// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <absl/functional/function_ref.h>

#include <cstddef>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "rtp/base/time.h"
#include "tools/bot/scenario.h"

namespace bot {

// Who goes through an object's keys: reads them, checks them or lists them.
// DescribeScenario says once which there are and what they may be.
class Fields {
 public:
  using Item = absl::FunctionRef<void(Fields& fields, size_t index)>;

  virtual ~Fields() = default;

  // Whether a file gives this key, whatever it says.
  virtual bool Has(std::string_view name) const = 0;
  // What the file has there; null without it. The key counts as known.
  virtual const nlohmann::json* Raw(std::string_view name) = 0;
  // Whether a file is read: what it does not say has a default.
  virtual bool IsFile() const { return false; }
  // Whether keys matter that only some of these objects have.
  virtual bool WantsAll() const { return false; }
  // Of this key; empty: of the object.
  virtual void Error(std::string_view name, const std::string& what) = 0;

  virtual void Bool(std::string_view name, bool& value) = 0;
  virtual void Number(std::string_view name, double& value, double min,
                      double max) = 0;
  virtual void Text(std::string_view name, std::string& value,
                    size_t max_size) = 0;
  virtual void Texts(std::string_view name, std::vector<std::string>& value,
                     size_t max_count) = 0;
  virtual void Object(std::string_view name,
                      absl::FunctionRef<void(Fields& fields)> describe) = 0;

  template <typename T>
  void Integer(std::string_view name, T& value, uint64_t min, uint64_t max) {
    uint64_t wide = value;
    DoInteger(name, wide, min, max);
    value = static_cast<T>(wide);
  }
  // `words` by the numbers of the enumerators.
  template <typename E>
  void Choice(std::string_view name, E& value,
              const std::vector<std::string_view>& words) {
    auto index = static_cast<size_t>(value);
    DoChoice(name, index, words);
    value = static_cast<E>(index);
  }
  // Ranges in the same unit as the file's.
  void Seconds(std::string_view name, rtp::TimeDelta& value, double min,
               double max) {
    Time(name, value, 1e6, min, max);
  }
  void Milliseconds(std::string_view name, rtp::TimeDelta& value, double min,
                    double max) {
    Time(name, value, 1e3, min, max);
  }
  // `describe` gets each one, made as a copy of `prototype`.
  template <typename T>
  void List(std::string_view name, std::vector<T>& list, const T& prototype,
            size_t max_count,
            absl::FunctionRef<void(Fields& fields, T& value)> describe) {
    DoList(
        name, list.size(), max_count,
        [&](size_t count) { list.assign(count, prototype); },
        [&](Fields& fields, size_t i) {
          if (i >= list.size()) list.resize(i + 1, prototype);
          describe(fields, list[i]);
        });
  }
  // Names and what they stand for; `keys` are those that are there.
  virtual void Map(
      std::string_view name, const std::vector<std::string>& keys,
      absl::FunctionRef<void(Fields& fields, const std::string& key)>
          describe) = 0;

 protected:
  virtual void DoInteger(std::string_view name, uint64_t& value, uint64_t min,
                         uint64_t max) = 0;
  virtual void DoChoice(std::string_view name, size_t& index,
                        const std::vector<std::string_view>& words) = 0;
  virtual void DoList(std::string_view name, size_t count, size_t max_count,
                      absl::FunctionRef<void(size_t)> resize, Item each) = 0;

 private:
  void Time(std::string_view name, rtp::TimeDelta& value, double unit,
            double min, double max);
};

// All of a scenario, key by key.
void DescribeScenario(Fields& fields, Scenario& scenario);

void DescribeImpairment(Fields& fields, Impairment& link);
void DescribeRule(Fields& fields, ImpairmentRule& rule);
void DescribeEvent(Fields& fields, Event& event);

// `groups[0].bots: ` of `groups[0]` and `bots`; either may be empty.
std::string ErrorAt(std::string_view path, std::string_view name,
                    const std::string& what);

// What is wrong between keys that are each right.
void CheckTogether(const Scenario& scenario, std::vector<std::string>* errors);

inline constexpr size_t kMaxList = 1000;
inline constexpr size_t kMaxText = 200;  // bytes
inline constexpr size_t kMaxBots = 20'000;
inline constexpr double kMaxSeconds = 7 * 86'400;

}  // namespace bot
