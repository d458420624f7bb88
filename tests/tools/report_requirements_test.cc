// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tools/bot/report/requirements.h"

namespace bot {
namespace {

using Op = Requirement::Op;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(ReportRequirements, Parse) {
  const struct {
    const char* text;
    const char* name;
    Op op;
    double wanted;
  } kCases[] = {
      {"freeze_ratio<0.01", "freeze_ratio", Op::kLess, 0.01},
      {"freeze_ratio <= 1%", "freeze_ratio", Op::kLessOrEqual, 0.01},
      {"joined>=50", "joined", Op::kGreaterOrEqual, 50},
      {"recovered_ratio>0.9", "recovered_ratio", Op::kGreater, 0.9},
      {" failed_joins == 0 ", "failed_joins", Op::kEqual, 0},
      {"latency_ms_p99<200ms", "latency_ms_p99", Op::kLess, 200},
      {"latency_ms_p99 < 2e2 ms", "latency_ms_p99", Op::kLess, 200},
      {"sent_mbps>1.5 Mbit/s", "sent_mbps", Op::kGreater, 1.5},
  };
  for (const auto& one : kCases) {
    std::vector<Requirement> all;
    EXPECT_EQ(ParseRequirements(one.text, &all), "") << one.text;
    ASSERT_EQ(all.size(), 1u) << one.text;
    EXPECT_EQ(all[0].kind->name, one.name);
    EXPECT_EQ(all[0].op, one.op) << one.text;
    EXPECT_DOUBLE_EQ(all[0].wanted, one.wanted) << one.text;
  }
}

TEST(ReportRequirements, SeveralAddUp) {
  std::vector<Requirement> all;
  EXPECT_EQ(ParseRequirements("joined>1, freezes<9,", &all), "");
  EXPECT_EQ(ParseRequirements("loss_ratio<1%", &all), "");
  EXPECT_EQ(ParseRequirements("", &all), "");
  EXPECT_EQ(all.size(), 3u);
}

TEST(ReportRequirements, RefuseWithAReason) {
  const struct {
    const char* text;
    const char* error;
  } kCases[] = {
      {"freeze_ratio", "write NAME<NUMBER"},
      {"freeze_ratio=0", "write =="},
      {"freeze_ratio!=0", "write =="},
      {"freeze_ratio!==0", "no value is called \"freeze_ratio!\""},
      {"freeze_ratio<", "\"\" is not a number"},
      {"freeze_ratio<abc", "\"abc\" is not a number from 0 to 1"},
      {"freeze_ratio<2", "from 0 to 1"},
      {"freeze_ratio<nan", "is not a number"},
      {"join_ms_p50<1s", "is not a number of ms"},
      {"freezes<1%", "\"1%\" is not a number"},
      {"freeze_ration<0.1", "did you mean freeze_ratio"},
      {"latency<0.1", "latency_ms_p99"},
      {"xyzzy<1", "docs/load-testing.md lists them"},
      {"<1", "no value is called \"\""},
      {"joined=>5", "write =="},
  };
  for (const auto& one : kCases) {
    std::vector<Requirement> all;
    EXPECT_THAT(ParseRequirements(one.text, &all), HasSubstr(one.error))
        << one.text;
    EXPECT_TRUE(all.empty()) << one.text;
  }
}

TEST(ReportRequirements, Judge) {
  RunFigures run;
  run.planned_bots = 5;
  const auto summary = Summarize(run);
  const struct {
    const char* text;
    bool passed;
  } kCases[] = {
      {"bots<5", false},
      {"bots<=5", true},
      {"bots>5", false},
      {"bots>=5", true},
      {"bots==5", true},
      {"bots<6", true},
      {"bots==4", false},
      // Nothing was measured: nothing is proved.
      {"freeze_ratio<0.5", false},
      {"latency_ms_p99>=0", false},
  };
  for (const auto& one : kCases) {
    std::vector<Requirement> all;
    ASSERT_EQ(ParseRequirements(one.text, &all), "");
    const auto verdicts = Judge(all, summary);
    ASSERT_EQ(verdicts.size(), 1u);
    EXPECT_EQ(verdicts[0].passed, one.passed) << one.text;
    EXPECT_EQ(AllPassed(verdicts), one.passed);
  }
  EXPECT_TRUE(AllPassed({}));
}

TEST(ReportRequirements, TellWhatWasWantedAndSeen) {
  const ValueKind* ratio = FindValueKind("freeze_ratio");
  const ToldVerdict told = Tell({{ratio, Op::kLessOrEqual, 0.01}, 0.002, true});
  EXPECT_EQ(told.name, "freeze_ratio");
  EXPECT_EQ(told.wanted, "<= 1 %");
  EXPECT_EQ(told.seen, "0.2 %");
  EXPECT_EQ(Tell({{ratio, Op::kLess, 0.01}, std::nullopt, false}).seen,
            "not measured");
}

TEST(ReportRequirements, RepeatedFlagsAreTakenOut) {
  std::vector<std::string> arguments = {
      "bot",       "--require=a<1", "--requires=x", "--bots=3",
      "--require", "b<2",           "--require"};
  EXPECT_THAT(TakeRepeated("require", &arguments), ElementsAre("a<1", "b<2"));
  EXPECT_THAT(arguments,
              ElementsAre("bot", "--requires=x", "--bots=3", "--require"));
}

}  // namespace
}  // namespace bot
