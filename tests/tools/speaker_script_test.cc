// SPDX-License-Identifier: GPL-3.0-or-later
#include "tools/bot/speaker_script.h"

#include <gtest/gtest.h>

namespace bot {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(SpeakerScript, TellsWhoSpeaksWhen) {
  const auto script = ParseSpeakers("2:1,0:2.5", 3);
  ASSERT_TRUE(script);
  ASSERT_EQ(script->size(), 2u);
  EXPECT_EQ((*script)[0].bot, 2u);
  EXPECT_EQ((*script)[0].length, seconds(1));
  EXPECT_EQ((*script)[1].bot, 0u);
  EXPECT_EQ((*script)[1].length, milliseconds(2500));
}

TEST(SpeakerScript, MayBeEmpty) {
  const auto script = ParseSpeakers("", 1);
  ASSERT_TRUE(script);
  EXPECT_TRUE(script->empty());
}

TEST(SpeakerScript, RefusesWhatIsNoScript) {
  for (const char* text :
       {"1", "1:", ":1", "a:1", "0:b", "0:0", "0:-1", "3:1", "0:1,", "0:1;1:1",
        "0:1:2", "-1:1", "0:nan", "0:inf", "0:3601"}) {
    EXPECT_FALSE(ParseSpeakers(text, 3)) << text;
  }
}

}  // namespace
}  // namespace bot
