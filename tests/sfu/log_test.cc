// SPDX-License-Identifier: GPL-3.0-or-later
#include "sfu/log.h"

#include <gtest/gtest.h>

#include <string>

namespace sfu {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(LogSite, LetsTenLinesASecondThroughAndCountsTheOthers) {
  LogSite site;
  const rtp::Timestamp start{seconds(5)};
  uint64_t suppressed = 99;
  for (int i = 0; i < 10; ++i) {
    EXPECT_TRUE(site.Admit(start + milliseconds(i), &suppressed));
    EXPECT_EQ(suppressed, 0u);
  }
  for (int i = 0; i < 7; ++i) {
    EXPECT_FALSE(site.Admit(start + milliseconds(100), &suppressed));
  }
  EXPECT_TRUE(site.Admit(start + seconds(1), &suppressed));
  EXPECT_EQ(suppressed, 7u);
  EXPECT_TRUE(site.Admit(start + seconds(1), &suppressed));
  EXPECT_EQ(suppressed, 0u);
}

TEST(Log, KeepsAValueOnOneLine) {
  EXPECT_EQ(QuoteLogValue("plain-1.5"), "plain-1.5");
  EXPECT_EQ(QuoteLogValue(""), "\"\"");
  EXPECT_EQ(QuoteLogValue("two words"), "\"two words\"");
  EXPECT_EQ(QuoteLogValue("a=b"), "\"a=b\"");
  EXPECT_EQ(QuoteLogValue("a\"b\\c"), "\"a\\\"b\\\\c\"");
  EXPECT_EQ(QuoteLogValue("a\nlevel=error"), "\"a\\x0alevel=error\"");
  EXPECT_LT(QuoteLogValue(std::string(5000, 'x')).size(), 300u);
}

TEST(Log, ShowsAddressesOnlyWhenTold) {
  testing::internal::CaptureStderr();
  InitLog(LogLevel::kInfo, false);
  SFU_LOG(kInfo, "seen").With("jid", Redact("canary@example.org")).With("n", 3);
  SFU_LOG(kDebug, "unseen");
  InitLog(LogLevel::kInfo, true);
  SFU_LOG(kInfo, "shown").With("jid", Redact("alice@example.org"));
  InitLog(LogLevel::kError, false);
  const std::string text = testing::internal::GetCapturedStderr();
  EXPECT_EQ(text.find("canary"), std::string::npos) << text;
  EXPECT_NE(text.find("level=info event=seen jid=[redacted] n=3\n"),
            std::string::npos)
      << text;
  EXPECT_EQ(text.find("unseen"), std::string::npos) << text;
  EXPECT_NE(text.find("jid=alice@example.org"), std::string::npos) << text;
}

}  // namespace
}  // namespace sfu
