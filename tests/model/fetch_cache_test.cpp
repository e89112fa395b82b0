// The cache of fetched versions: bounded, and nothing that anybody uses is ever removed from it.
#include "model/fetch_cache.h"

#include <chrono>
#include <csignal>
#include <filesystem>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "model/left_behind.h"
#include "model/served_fixture.h"

namespace thalweg {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

class FetchCacheTest : public ServedTest {
 protected:
  static std::string hash(char digit) { return std::string(64, digit); }
  // A version of so many bytes, used so long ago.
  void keep(char digit, std::size_t bytes, std::chrono::hours ago) const {
    const FetchCache cache(folder(), UINT64_MAX);
    const auto begun = cache.begin();
    ASSERT_TRUE(begun.ok()) << begun.error().message();
    std::ofstream((*begun)->path() + "/weights") << std::string(bytes, 'w');
    ASSERT_TRUE(cache.keep(*begun, hash(digit)).ok());
    fs::last_write_time(folder() + "/" + hash(digit), fs::file_time_type::clock::now() - ago);
  }
  std::string folder() const { return words_ / "cache"; }
  // The digits of the versions that are there, and '.' for what is on its way.
  std::string there() const {
    std::string all;
    for (const auto& entry : fs::directory_iterator(folder()))
      all += entry.path().filename().string().front();
    std::sort(all.begin(), all.end());
    return all;
  }
  // Another process that does this and waits to be killed.
  pid_t other(const std::function<bool()>& act) const {
    int ends[2];
    EXPECT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      const char done = act() ? 'y' : 'n';
      (void)!::write(ends[1], &done, 1);
      for (;;) ::pause();
    }
    char done = 'n';
    EXPECT_EQ(::read(ends[0], &done, 1), 1);
    EXPECT_EQ(done, 'y');
    ::close(ends[0]);
    ::close(ends[1]);
    return child;
  }
  static void kill(pid_t child) {
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
  }
  ScratchDir words_;
};

TEST_F(FetchCacheTest, What_was_not_used_for_longest_goes_until_the_rest_is_within_the_bound) {
  keep('a', 100, 3h);
  keep('b', 100, 2h);
  keep('c', 100, 1h);
  FetchCache(folder(), 300).tidy();
  EXPECT_EQ(there(), "abc");
  EXPECT_NE(FetchCache(folder(), 300).use(hash('a')), nullptr) << "it is used again";
  FetchCache(folder(), 250).tidy();
  EXPECT_EQ(there(), "ac");
  FetchCache(folder(), 99).tidy();
  EXPECT_EQ(there(), "");
}

TEST_F(FetchCacheTest, What_a_process_uses_stays_whatever_the_bound_until_it_ends) {
  keep('a', 100, 1h);
  keep('b', 100, 2h);
  const FetchCache cache(folder(), 0);
  const pid_t user = other([&] {
    static const auto used = cache.use(hash('a'));
    return used != nullptr;
  });
  cache.tidy();
  EXPECT_EQ(there(), "a");
  auto own = cache.use(hash('a'));
  kill(user);
  cache.tidy();
  EXPECT_EQ(there(), "a") << "we use it too";
  own.reset();
  cache.tidy();
  EXPECT_EQ(there(), "");
}

TEST_F(FetchCacheTest, What_a_dead_process_left_is_removed_and_what_is_on_its_way_is_not) {
  const FetchCache cache(folder(), UINT64_MAX);
  const pid_t fetcher = other([&] {
    static const auto begun = cache.begin();
    if (!begun.ok()) return false;
    std::ofstream((*begun)->path() + "/half") << "half";
    return true;
  });
  cache.tidy();
  EXPECT_EQ(there(), ".") << "it is fetching";
  kill(fetcher);
  cache.tidy();
  EXPECT_EQ(there(), "");
}

TEST_F(FetchCacheTest, Of_two_who_fetch_the_same_the_second_uses_what_the_first_has_brought) {
  const FetchCache cache(folder(), UINT64_MAX);
  const auto one = cache.begin(), two = cache.begin();
  std::ofstream((*one)->path() + "/weights") << "first";
  std::ofstream((*two)->path() + "/weights") << "second";
  const auto first = cache.keep(*one, hash('a'));
  const auto second = cache.keep(*two, hash('a'));
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_EQ((*first)->path(), (*second)->path());
  EXPECT_EQ(fs::file_size((*second)->path() + "/weights"), 5U);
  EXPECT_EQ(there(), "a");
}

TEST_F(FetchCacheTest, What_is_no_version_is_not_touched) {
  fs::create_directories(folder() + "/notes");
  std::ofstream(folder() + "/notes/mine") << "keep";
  std::ofstream(folder() + "/readme") << "keep";
  FetchCache(folder(), 0).tidy();
  EXPECT_EQ(there(), "nr");
}

TEST_F(FetchCacheTest, A_folder_that_cannot_be_written_is_named) {
  std::ofstream(words_ / "file") << "no folder";
  const auto begun = FetchCache(words_ / "file", 0).begin();
  ASSERT_FALSE(begun.ok());
  EXPECT_EQ(begun.error().code(), Code::io_failed);
  EXPECT_NE(begun.error().message().find(words_ / "file"), std::string::npos);
}

class CachedModel : public FetchCacheTest {
 protected:
  std::string address(int version) const {
    const std::string number = std::to_string(version);
    return "store://x/" + number + "#sha256=" + *sha256_of_file(dir_ / (number + "/manifest.json"));
  }
  // `store:` is the folder of versions itself.
  Node entry(const std::string& version, const std::string& script) {
    Node node = calls::entry({{"version", version},
                              {"path", dir_.path()},
                              {"poll", "10ms"},
                              {"keep_previous", "0s"},
                              {"cache", folder()},
                              {"cache_bytes_max", "0"}});
    node.set("fetch", Node::sequence({calls::text("sh"), calls::text("-c"), calls::text(script),
                                      calls::text("sh"), calls::text("{dir}"), calls::text("{uri}"),
                                      calls::text(dir_.path())}));
    return node;
  }
  static constexpr const char* copy = "cp -r \"$3/${2##*/}/.\" \"$1\"";
};

TEST_F(CachedModel, It_keeps_what_it_serves_and_lets_go_of_what_it_served) {
  for (const int version : {1, 7, 8, 9}) {
    put(version, version * 10);
    seal(version);
  }
  const auto model = make(entry("1", copy));
  ASSERT_TRUE(model->open().ok());
  const auto served_from = [&](int version, std::int64_t epoch) {
    EXPECT_TRUE(model->prepare(wish_for(address(version)), epoch).ok());
    EXPECT_TRUE(eventually([&] { return serving(*model) == version; }));
    EXPECT_TRUE(fs::exists(model->current()->path + "/fake.yaml")) << version;
    return model->current()->path;
  };
  const std::string seven = served_from(7, 1);
  const std::string eight = served_from(8, 2);
  EXPECT_TRUE(eventually([&] {
    const auto all = model->status();  // the folder has a 7 too
    return std::any_of(all.begin(), all.end(), [&](const VersionStatus& version) {
      return version.path == seven && version.state == VersionState::end;
    });
  }));
  model->poll_now();
  const std::string nine = served_from(9, 3);
  EXPECT_FALSE(fs::exists(seven)) << "it went when the next one came";
  EXPECT_TRUE(fs::exists(eight)) << "it served when that one was fetched";
}

TEST_F(CachedModel, A_process_that_starts_removes_what_killed_ones_left) {
  put(1, 10);
  fs::create_directories(folder() + "/.fetch-abcdef");
  const auto model = make(entry("1", copy));
  ASSERT_TRUE(model->open().ok());
  model->start();
  EXPECT_TRUE(eventually([&] { return there().empty(); }));
}

TEST_F(CachedModel, A_fetch_that_nobody_wants_any_more_is_ended_and_holds_up_no_stop) {
  put(1, 10);
  put(2, 20);
  put(7, 70);
  seal(7);
  auto model = make(entry("1", "sleep 3600"));
  ASSERT_TRUE(model->open().ok());
  ASSERT_TRUE(model->prepare(wish_for(address(7)), 1).ok());
  ASSERT_TRUE(eventually([&] { return fs::exists(folder()) && there() == "."; }));
  ASSERT_TRUE(model->prepare(wish_for("2"), 2).ok());
  EXPECT_TRUE(eventually([&] { return serving(*model) == 2; })) << "it does not wait for the fetch";
  EXPECT_TRUE(eventually([&] { return there().empty(); })) << "which is ended";
  ASSERT_TRUE(model->prepare(wish_for(address(7)), 3).ok());
  ASSERT_TRUE(eventually([&] { return there() == "."; }));
  const std::size_t before = left_behind_so_far();
  model.reset();
  EXPECT_EQ(left_behind_so_far(), before);
  EXPECT_EQ(there(), "") << "nothing is left of it";
}

}  // namespace
}  // namespace thalweg
