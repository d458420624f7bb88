// SPDX-License-Identifier: GPL-3.0-or-later
#include "sfu/static_files.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace sfu {
namespace {

namespace fs = std::filesystem;

class StaticFilesTest : public testing::Test {
 protected:
  StaticFilesTest()
      : base_(fs::path(testing::TempDir()) /
              ("carillon_static_" + std::string(testing::UnitTest::GetInstance()
                                                    ->current_test_info()
                                                    ->name()))) {
    fs::remove_all(base_);
    Write("outside.txt", "secret");
    Write("page/index.html", "<page>");
    Write("page/assets/app.js", "code");
    Write("page/.hidden", "secret");
    Write("page/.git/config", "secret");
    fs::create_symlink(base_ / "outside.txt", base_ / "page/link.txt");
    fs::create_symlink("assets/app.js", base_ / "page/alias.js");
  }
  ~StaticFilesTest() override { fs::remove_all(base_); }

  void Write(const std::string& name, const std::string& content) {
    fs::create_directories((base_ / name).parent_path());
    std::ofstream(base_ / name) << content;
  }
  StaticFiles Load() {
    std::string error;
    auto files = StaticFiles::Load((base_ / "page").string(), &error);
    EXPECT_TRUE(files) << error;
    return files ? std::move(*files) : StaticFiles();
  }

  const fs::path base_;
};

TEST_F(StaticFilesTest, FindsFilesByPath) {
  const StaticFiles files = Load();
  const StaticFiles::File* script = files.Find("/assets/app.js?v=1");
  ASSERT_NE(script, nullptr);
  EXPECT_EQ(script->content, "code");
  EXPECT_EQ(script->content_type, "text/javascript; charset=utf-8");
  EXPECT_EQ(files.Find("/alias.js")->content, "code");
  EXPECT_NE(files.Find("/index.html")->etag, script->etag);
}

TEST_F(StaticFilesTest, ServesThePageForRoomsOnly) {
  const StaticFiles files = Load();
  for (const char* room : {"/", "/standup", "/caf%C3%A9", "/a?b=c.d"}) {
    ASSERT_NE(files.Find(room), nullptr) << room;
    EXPECT_EQ(files.Find(room)->content, "<page>") << room;
  }
  for (const char* other : {"/lost.js", "/a/b", "/a%2Fb", "/a%2ejs", "//"}) {
    EXPECT_EQ(files.Find(other), nullptr) << other;
  }
}

TEST_F(StaticFilesTest, LetsNobodyLeaveTheDirectory) {
  const StaticFiles files = Load();
  for (const char* target :
       {"/../outside.txt", "/%2e%2e/outside.txt", "/assets/../../outside.txt",
        "/..%2foutside.txt", "/link.txt", "/.hidden", "/.git/config",
        "/assets/..", "outside.txt", "", "/%", "/%zz", "/x%00.txt"}) {
    EXPECT_EQ(files.Find(target), nullptr) << target;
  }
}

TEST_F(StaticFilesTest, SaysWhatIsWrongWithADirectory) {
  std::string error;
  EXPECT_FALSE(StaticFiles::Load((base_ / "nowhere").string(), &error));
  EXPECT_NE(error.find("nowhere"), std::string::npos);
  error.clear();
  EXPECT_FALSE(StaticFiles::Load((base_ / "page/assets").string(), &error));
  EXPECT_NE(error.find("index.html"), std::string::npos);
}

TEST(DecodePercent, RefusesWhatIsMalformed) {
  EXPECT_EQ(DecodePercent("a%20b%2Fc"), "a b/c");
  EXPECT_FALSE(DecodePercent("%2"));
  EXPECT_FALSE(DecodePercent("%g0"));
}

}  // namespace
}  // namespace sfu
