// SPDX-License-Identifier: GPL-3.0-or-later
#include "tools/bot/speaker_script.h"

#include <gtest/gtest.h>

namespace bot {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(SpeakerScript, TellsWhoSpeaksWhen) {
  const auto script = SpeakerScript::Parse("2:1,0:2.5", 3);
  ASSERT_TRUE(script);
  EXPECT_EQ(script->duration(), milliseconds(3500));
  EXPECT_EQ(script->SpeakerAt(rtp::TimeDelta(0)), 2u);
  EXPECT_EQ(script->SpeakerAt(milliseconds(999)), 2u);
  EXPECT_EQ(script->SpeakerAt(seconds(1)), 0u);
  EXPECT_EQ(script->SpeakerAt(milliseconds(3499)), 0u);
  EXPECT_EQ(script->SpeakerAt(milliseconds(3500)), std::nullopt);
}

TEST(SpeakerScript, MayBeEmpty) {
  const auto script = SpeakerScript::Parse("", 1);
  ASSERT_TRUE(script);
  EXPECT_EQ(script->SpeakerAt(rtp::TimeDelta(0)), std::nullopt);
}

TEST(SpeakerScript, RefusesWhatIsNoScript) {
  for (const char* text :
       {"1", "1:", ":1", "a:1", "0:b", "0:0", "0:-1", "3:1", "0:1,", "0:1;1:1",
        "0:1:2", "-1:1", "0:nan", "0:inf", "0:3601"}) {
    EXPECT_FALSE(SpeakerScript::Parse(text, 3)) << text;
  }
}

}  // namespace
}  // namespace bot
