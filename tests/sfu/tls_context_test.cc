// SPDX-License-Identifier: GPL-3.0-or-later
#include "sfu/tls_context.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "tests/sfu/tls_files.h"

namespace sfu {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class TlsContextTest : public testing::Test {
 protected:
  TlsContextTest() { files_.Make("one.example"); }
  std::string ErrorOf(const std::string& certificate, const std::string& key) {
    std::string error;
    EXPECT_EQ(TlsContext::Load(certificate, key, &error), nullptr);
    EXPECT_THAT(error, Not(HasSubstr("\n")));
    return error;
  }
  void Write(const std::string& path, const std::string& text) {
    std::ofstream(path) << text;
  }
  TlsFiles files_{"tls_context_test"};
};

TEST_F(TlsContextTest, LoadsAPairAndTellsItsEnd) {
  std::string error;
  const auto tls = TlsContext::Load(files_.certificate(), files_.key(), &error);
  ASSERT_NE(tls, nullptr) << error;
  const auto left = tls->expiry() - std::chrono::system_clock::now();
  EXPECT_GT(left, std::chrono::minutes(55));
  EXPECT_LE(left, std::chrono::minutes(60));
}

TEST_F(TlsContextTest, SaysWhichFileIsNotThere) {
  EXPECT_THAT(ErrorOf(files_.Path("absent"), files_.key()),
              AllOf(HasSubstr("--tls_certificate"), HasSubstr("No such file")));
  EXPECT_THAT(ErrorOf(files_.certificate(), files_.Path("absent")),
              AllOf(HasSubstr("--tls_key"), HasSubstr("No such file")));
  Write(files_.Path("empty"), "");
  EXPECT_THAT(ErrorOf(files_.certificate(), files_.Path("empty")),
              HasSubstr("is empty"));
  EXPECT_THAT(ErrorOf(testing::TempDir(), files_.key()),
              AllOf(HasSubstr("--tls_certificate"), HasSubstr("directory")));
}

TEST_F(TlsContextTest, RefusesFilesThatHoldSomethingElse) {
  Write(files_.Path("text"), "nothing of the kind\n");
  EXPECT_THAT(ErrorOf(files_.Path("text"), files_.key()),
              HasSubstr("--tls_certificate"));
  EXPECT_THAT(ErrorOf(files_.certificate(), files_.Path("text")),
              HasSubstr("--tls_key"));
  EXPECT_THAT(ErrorOf(files_.key(), files_.certificate()),
              HasSubstr("--tls_certificate"));
}

TEST_F(TlsContextTest, RefusesTheKeyOfAnotherCertificate) {
  const std::string first = files_.Path("first.pem");
  std::filesystem::copy_file(files_.certificate(), first,
                             std::filesystem::copy_options::overwrite_existing);
  files_.Make("two.example");
  EXPECT_THAT(ErrorOf(first, files_.key()), HasSubstr("is not the key of"));
}

TEST_F(TlsContextTest, RefusesAPassphraseWithoutAskingForIt) {
  files_.Make("one.example", 3600, "open sesame");
  EXPECT_THAT(ErrorOf(files_.certificate(), files_.key()),
              HasSubstr("no passphrase"));
}

TEST_F(TlsContextTest, LoadsWhatHasExpired) {
  files_.Make("old.example", -60);
  std::string error;
  const auto tls = TlsContext::Load(files_.certificate(), files_.key(), &error);
  ASSERT_NE(tls, nullptr) << error;
  EXPECT_LT(tls->expiry(), std::chrono::system_clock::now());
}

TEST_F(TlsContextTest, KeepsThePairIfTheNextIsNotUsable) {
  std::string error;
  const auto tls = TlsContext::Load(files_.certificate(), files_.key(), &error);
  ASSERT_NE(tls, nullptr) << error;
  const auto expiry = tls->expiry();
  const auto* before = &tls->current();
  Write(files_.key(), "half a fi");
  EXPECT_THAT(tls->Reload(), HasSubstr("--tls_key"));
  EXPECT_EQ(&tls->current(), before);
  EXPECT_EQ(tls->expiry(), expiry);
  files_.Make("two.example", 7200);
  EXPECT_EQ(tls->Reload(), "");
  EXPECT_GT(tls->expiry(), expiry);
}

}  // namespace
}  // namespace sfu
