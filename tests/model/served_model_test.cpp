// A model that changes while the stream runs: which version serves, and what never does.
#include <filesystem>

#include "model/served_fixture.h"

namespace thalweg {
namespace {

namespace fs = std::filesystem;

TEST_F(ServedTest, The_highest_version_serves_and_a_new_one_takes_its_place) {
  put(1, 10);
  const auto model = make();
  ASSERT_TRUE(model->open().ok());
  EXPECT_EQ(serving(*model), 1);
  model->start();
  put(2, 20);
  EXPECT_TRUE(eventually([&] { return serving(*model) == 2; }));
  EXPECT_TRUE(eventually([&] { return status_of(*model, 1).state == VersionState::end; }));
  EXPECT_EQ(status_of(*model, 2).state, VersionState::available);
  EXPECT_EQ(status_of(*model, 2).role, "serving");
  EXPECT_EQ(status_of(*model, 1).reason, "version 2 serves");
  EXPECT_EQ(model->swaps(), 1U);
}

TEST_F(ServedTest, A_batch_keeps_its_version_until_it_lets_go_and_then_it_is_freed) {
  put(1, 10);
  const auto model = make();
  ASSERT_TRUE(model->open().ok());
  auto batch = model->current();
  const std::weak_ptr<const ModelVersion> watched = batch;
  put(2, 20);
  seal(2);
  model->poll_now();
  EXPECT_EQ(serving(*model), 2);
  EXPECT_EQ(status_of(*model, 1).state, VersionState::unloading);
  EXPECT_EQ(calls::floats(calls::call(*batch, {1}, {0}).value().front()).front(), 10);
  batch.reset();
  EXPECT_TRUE(watched.expired());
  EXPECT_TRUE(eventually([&] { return status_of(*model, 1).state == VersionState::end; }));
}

TEST_F(ServedTest, A_version_is_freed_on_another_thread_than_that_which_let_go_of_it) {
  put(1, 10);
  const auto model = make();
  ASSERT_TRUE(model->open().ok());
  auto version = model->current();
  struct Witness final : LoadedModel {
    std::thread::id* where;
    std::span<const Signature> signatures() const noexcept override { return {}; }
    void submit(const Signature&, const InferenceRequest&, InferenceDone) override {}
    ~Witness() override { *where = std::this_thread::get_id(); }
  };
  std::thread::id freed_on;
  auto witness = std::make_unique<Witness>();
  witness->where = &freed_on;
  const_cast<ModelVersion&>(*version).loaded = std::move(witness);
  put(2, 20);
  seal(2);
  model->poll_now();
  version.reset();
  EXPECT_TRUE(eventually([&] { return status_of(*model, 1).state == VersionState::end; }));
  EXPECT_NE(freed_on, std::this_thread::get_id());
  EXPECT_NE(freed_on, std::thread::id());
}

TEST_F(ServedTest, A_broken_version_takes_no_traffic_and_is_said_once) {
  put(1, 10);
  const auto model = make();
  ASSERT_TRUE(model->open().ok());
  put(2, 20, "fail_when: always\nfail_code: model_failed\n");
  seal(2);
  for (int i = 0; i < 5; ++i) model->poll_now();
  EXPECT_EQ(serving(*model), 1);
  EXPECT_TRUE(status_of(*model, 2).failed);
  EXPECT_NE(status_of(*model, 2).reason, "");
  EXPECT_EQ(told("model.refused"), 1U);
}

TEST_F(ServedTest, A_version_that_failed_for_its_files_is_tried_again_when_they_change) {
  put(1, 10);
  const auto model = make();
  ASSERT_TRUE(model->open().ok());
  put(2, 20, "function: nonsense\n");
  seal(2);
  model->poll_now();
  model->poll_now();
  EXPECT_EQ(serving(*model), 1);
  EXPECT_EQ(model->failed_loads(), 1U) << "not each time one looks";
  put(2, 22);
  seal(2);
  model->poll_now();
  EXPECT_EQ(serving(*model), 2);
  EXPECT_FALSE(status_of(*model, 2).failed);
}

TEST_F(ServedTest, At_the_start_a_broken_latest_leaves_the_one_before_to_serve) {
  put(1, 10);
  put(2, 20, "function: nonsense\n");
  const auto model = make();
  const Status opened = model->open();
  ASSERT_TRUE(opened.ok()) << opened.error().message();
  EXPECT_EQ(serving(*model), 1);
  EXPECT_EQ(told("model.refused"), 1U);
}

TEST_F(ServedTest, A_new_version_that_still_changes_is_left_alone) {
  put(1, 10);
  const auto model = make();
  ASSERT_TRUE(model->open().ok());
  put(2, 20);
  model->poll_now();
  EXPECT_EQ(serving(*model), 1) << "seen for the first time";
  dir_.write("2/assets/words.txt", "a copy goes on");
  model->poll_now();
  EXPECT_EQ(serving(*model), 1) << "it changed since";
  model->poll_now();
  EXPECT_EQ(serving(*model), 2) << "it rests";
}

TEST_F(ServedTest, A_half_copied_version_is_said_once_and_serves_when_it_is_whole) {
  put(1, 10);
  const auto model = make();
  ASSERT_TRUE(model->open().ok());
  put(2, 20);
  dir_.write("2/assets/words.txt", "all the words");
  seal(2);
  fs::resize_file(dir_ / "2/assets/words.txt", 3);
  for (int i = 0; i < 5; ++i) model->poll_now();
  EXPECT_EQ(serving(*model), 1);
  EXPECT_EQ(told("model.incomplete"), 1U);
  EXPECT_NE(status_of(*model, 2).reason.find("words.txt"), std::string::npos)
      << status_of(*model, 2).reason;
  dir_.write("2/assets/words.txt", "all the words");
  model->poll_now();
  EXPECT_EQ(serving(*model), 2);
}

TEST_F(ServedTest, A_file_of_the_right_length_with_other_content_is_found_by_its_hash) {
  put(1, 10);
  const auto model = make();
  ASSERT_TRUE(model->open().ok());
  put(2, 20);
  dir_.write("2/assets/words.txt", "all the words");
  seal(2);
  dir_.write("2/assets/words.txt", "all the wurds");
  model->poll_now();
  EXPECT_EQ(serving(*model), 1);
  EXPECT_NE(status_of(*model, 2).reason.find("other content"), std::string::npos)
      << status_of(*model, 2).reason;
}

TEST_F(ServedTest, A_number_stays_when_higher_ones_come) {
  put(1, 10);
  const auto model = make({{"version", "1"}});
  ASSERT_TRUE(model->open().ok());
  put(2, 20);
  seal(2);
  model->poll_now();
  EXPECT_EQ(serving(*model), 1);
  EXPECT_EQ(status_of(*model, 2).state, VersionState::start) << "known, not loaded";
}

TEST_F(ServedTest, A_label_names_a_version_and_moves_with_the_wish) {
  put(1, 10);
  put(2, 20);
  Node node = calls::entry({{"path", dir_.path()}, {"version", "stable"}});
  node.set("labels", Node::map({{"stable", calls::text("1")}}));
  const auto model = make(node);
  ASSERT_TRUE(model->open().ok());
  EXPECT_EQ(serving(*model), 1);
  DesiredModel wish = model->wish();
  wish.labels["stable"] = "2";
  ASSERT_TRUE(model->prepare(wish, 7).ok());
  EXPECT_TRUE(eventually([&] { return serving(*model) == 2; }));
  EXPECT_EQ(model->epoch(), 7);
}

TEST_F(ServedTest, A_label_that_is_none_is_refused_in_words) {
  put(1, 10);
  const auto model = make({{"version", "stable"}});
  const Status opened = model->open();
  ASSERT_FALSE(opened.ok());
  EXPECT_NE(opened.error().message().find("'stable', which is no label"), std::string::npos)
      << opened.error().message();
}

TEST_F(ServedTest, A_wish_that_cannot_be_met_changes_nothing_and_says_why) {
  put(1, 10);
  const auto model = make();
  ASSERT_TRUE(model->open().ok());
  ASSERT_TRUE(model->prepare(wish_for("9"), 3).ok());
  ASSERT_TRUE(eventually([&] { return model->refused(3).has_value(); }));
  EXPECT_NE(model->refused(3)->message().find("expected version 9"), std::string::npos)
      << model->refused(3)->message();
  EXPECT_FALSE(model->prepared(3));
  EXPECT_EQ(serving(*model), 1);
  put(9, 90);  // its files came later than the word of it
  EXPECT_TRUE(eventually([&] { return serving(*model) == 9; }));
  EXPECT_LE(told("model.wish_refused"), 2U) << "each reason once";
}

TEST_F(ServedTest, With_a_controller_a_wish_waits_for_its_word) {
  put(1, 10);
  put(2, 20);
  const auto model = make({{"version", "1"}});
  model->controlled(true);
  ASSERT_TRUE(model->open().ok());
  EXPECT_EQ(serving(*model), 1);
  EXPECT_FALSE(model->activate(5).ok());
  ASSERT_TRUE(model->prepare(wish_for("2"), 5).ok());
  ASSERT_TRUE(eventually([&] { return model->prepared(5); }));
  EXPECT_EQ(serving(*model), 1);
  EXPECT_EQ(status_of(*model, 2).role, "prepared");
  ASSERT_TRUE(model->activate(5).ok());
  EXPECT_EQ(serving(*model), 2);
  EXPECT_EQ(model->route()->epoch, 5);
  EXPECT_TRUE(model->prepared(5));
  EXPECT_TRUE(model->activate(5).ok()) << "again is as good as once";
}

TEST_F(ServedTest, A_wish_noted_before_the_start_is_the_first_that_serves) {
  put(1, 10);
  put(2, 20);
  const auto model = make();
  model->controlled(true);
  ASSERT_TRUE(model->prepare(wish_for("1"), 4).ok());
  ASSERT_TRUE(model->open().ok());
  EXPECT_EQ(serving(*model), 1);
  EXPECT_EQ(model->epoch(), 4);
}

TEST_F(ServedTest, Variants_and_shadow_are_loaded_once_each_and_own_their_buckets) {
  put(1, 10);
  put(2, 20);
  const auto model = make();
  DesiredModel wish;
  wish.variants = {{"a", "1", 9000}, {"b", "2", 1000}};
  wish.shadow = DesiredShadow{.version = "2", .topic = "side", .cpu_share = 0.25};
  ASSERT_TRUE(model->prepare(wish, 1).ok());
  ASSERT_TRUE(model->open().ok());
  const auto route = model->route();
  ASSERT_EQ(route->variants.size(), 2U);
  EXPECT_EQ(route->variants[0].end, 9000U);
  EXPECT_EQ(route->variants[1].end, bucket_count);
  EXPECT_EQ(route->variants[1].version, route->shadow);
  EXPECT_EQ(route->salt, "m");
  EXPECT_EQ(route->shadow_topic, "side");
  EXPECT_EQ(status_of(*model, 2).role, "b, shadow");
}

TEST_F(ServedTest, A_version_that_no_step_can_use_takes_no_traffic) {
  put(1, 10);
  const auto model = make();
  ASSERT_TRUE(model->open().ok());
  ASSERT_TRUE(model
                  ->must_fit([](const std::shared_ptr<const ModelVersion>& version) -> Status {
                    if (version->version != 2) return {};
                    return Error(Code::signature_mismatch, "no input 'x'");
                  })
                  .ok());
  put(2, 20);
  seal(2);
  model->poll_now();
  EXPECT_EQ(serving(*model), 1);
  EXPECT_EQ(status_of(*model, 2).reason, "no input 'x'");
  put(3, 30);
  seal(3);
  model->poll_now();
  EXPECT_EQ(serving(*model), 3);
}

TEST_F(ServedTest, At_the_start_the_highest_version_that_fits_serves) {
  put(1, 10);
  put(2, 20);
  const auto model = make();
  ASSERT_TRUE(model->open().ok());
  EXPECT_EQ(serving(*model), 2);
  const auto check = [](const std::shared_ptr<const ModelVersion>& version) -> Status {
    if (version->version == 1) return {};
    return Error(Code::signature_mismatch, "no");
  };
  EXPECT_TRUE(model->must_fit(check).ok());
  EXPECT_EQ(serving(*model), 1);
  const auto never = [](const std::shared_ptr<const ModelVersion>&) -> Status {
    return Error(Code::signature_mismatch, "never");
  };
  const Status fits = model->must_fit(never);
  ASSERT_FALSE(fits.ok());
  EXPECT_EQ(fits.error().message(), "never");
}

TEST_F(ServedTest, The_version_before_stays_warm_for_a_rollback) {
  put(1, 10);
  const auto model = make({{"keep_previous", "1h"}});
  ASSERT_TRUE(model->open().ok());
  const auto first = model->current();
  put(2, 20);
  seal(2);
  model->poll_now();
  EXPECT_EQ(status_of(*model, 1).state, VersionState::available);
  EXPECT_EQ(status_of(*model, 1).role, "previous");
  ASSERT_TRUE(model->prepare(wish_for("1"), 8).ok());
  ASSERT_TRUE(eventually([&] { return serving(*model) == 1; }));
  EXPECT_EQ(model->current(), first) << "not loaded anew";
  EXPECT_EQ(status_of(*model, 2).role, "previous");
}

TEST_F(ServedTest, The_version_before_is_freed_when_its_time_is_over_or_another_is_loaded) {
  put(1, 10);
  const auto model = make({{"keep_previous", "1ms"}});
  ASSERT_TRUE(model->open().ok());
  model->start();
  put(2, 20);
  EXPECT_TRUE(eventually([&] { return status_of(*model, 1).state == VersionState::end; }));

  const auto keeps = make({{"keep_previous", "1h"}, {"version", "1"}});
  ASSERT_TRUE(keeps->open().ok());
  for (const char* version : {"2", "1", "2"}) {
    ASSERT_TRUE(keeps->prepare(wish_for(version), version[0]).ok());
    ASSERT_TRUE(eventually([&] { return serving(*keeps) == version[0] - '0'; }));
  }
  put(3, 30);
  seal(3);
  ASSERT_TRUE(keeps->prepare(wish_for("3"), 3).ok());
  ASSERT_TRUE(eventually([&] { return serving(*keeps) == 3; }));
  EXPECT_EQ(status_of(*keeps, 2).role, "previous");
  EXPECT_TRUE(eventually([&] { return status_of(*keeps, 1).state == VersionState::end; }));
}

// Two variants; b's version may be another one.
DesiredModel wish_for_two(const std::string& champion, const std::string& b) {
  DesiredModel wish;
  wish.variants = {{"champion", champion, 9000}, {"b", b, 1000}};
  return wish;
}

TEST_F(ServedTest, What_a_challenger_leaves_is_kept_for_a_rollback_as_the_champion_s_is) {
  for (int version = 1; version <= 4; ++version) put(version, 10 * version);
  const auto model = make({{"keep_previous", "1h"}, {"version", "1"}});
  ASSERT_TRUE(model->open().ok());
  std::int64_t epoch = 0;
  const auto follow = [&](const DesiredModel& wish) {
    ASSERT_TRUE(model->prepare(wish, ++epoch).ok());
    ASSERT_TRUE(eventually([&] { return model->epoch() == epoch; }));
  };
  const auto role = [&](std::int64_t version) { return status_of(*model, version).role; };
  follow(wish_for_two("1", "2"));
  const auto champion = model->route()->variants[0].version;
  const auto challenger = model->route()->variants[1].version;
  follow(wish_for_two("1", "3"));
  EXPECT_EQ(role(2), "previous") << "only b has changed";
  follow(wish_for_two("1", "2"));
  EXPECT_EQ(model->route()->variants[1].version, challenger) << "not loaded anew";
  EXPECT_EQ(role(3), "previous");
  follow(wish_for("4"));
  EXPECT_EQ(role(1), "previous");
  EXPECT_EQ(role(2), "previous") << "a promotion takes two versions from the route";
  EXPECT_TRUE(eventually([&] { return status_of(*model, 3).state == VersionState::end; }))
      << "each variant keeps one";
  follow(wish_for_two("1", "2"));
  EXPECT_EQ(model->route()->variants[0].version, champion);
  EXPECT_EQ(model->route()->variants[1].version, challenger);
}

TEST_F(ServedTest, Not_more_than_four_versions_are_kept_however_many_variants_leave) {
  for (int version = 1; version <= 7; ++version) put(version, 10 * version);
  const auto model = make({{"keep_previous", "1h"}, {"version", "1"}});
  ASSERT_TRUE(model->open().ok());
  DesiredModel wish;
  wish.variants.clear();
  for (int version = 1; version <= 6; ++version)
    wish.variants.push_back(
        {"v" + std::to_string(version), std::to_string(version), version == 1 ? 5000U : 1000U});
  ASSERT_TRUE(model->prepare(wish, 1).ok());
  ASSERT_TRUE(eventually([&] { return model->epoch() == 1; }));
  ASSERT_TRUE(model->prepare(wish_for("7"), 2).ok());
  ASSERT_TRUE(eventually([&] { return model->epoch() == 2; }));
  std::size_t kept = 0;
  for (const VersionStatus& status : model->status()) kept += status.role == "previous" ? 1 : 0;
  EXPECT_EQ(kept, 4U);
}

TEST_F(ServedTest, The_version_before_stays_while_others_are_loaded_that_fail_or_are_a_shadow) {
  put(1, 10);
  put(2, 20);
  put(3, 30);
  const auto model = make({{"keep_previous", "1h"}, {"version", "1"}});
  ASSERT_TRUE(model->open().ok());
  ASSERT_TRUE(model->prepare(wish_for("2"), 1).ok());
  ASSERT_TRUE(eventually([&] { return serving(*model) == 2; }));
  dir_.write("4/fake.yaml", "function: nonsense\n");
  seal(4);
  ASSERT_TRUE(model->prepare(wish_for("4"), 2).ok());
  ASSERT_TRUE(eventually([&] { return model->refused(2).has_value(); }));
  EXPECT_EQ(status_of(*model, 1).role, "previous");
  DesiredModel wish = wish_for("2");
  wish.shadow = DesiredShadow{"3", "", 0.5};
  ASSERT_TRUE(model->prepare(wish, 3).ok());
  ASSERT_TRUE(eventually([&] { return model->route()->shadow != nullptr; }));
  EXPECT_EQ(status_of(*model, 1).role, "previous");
}

TEST_F(ServedTest, Unload_first_frees_the_old_version_before_the_new_one_is_loaded) {
  put(1, 10);
  const auto model = make({{"unload", "first"}});
  ASSERT_TRUE(model->open().ok());
  std::mutex seen;  // told by the loading thread and by the reclaimer
  std::size_t most = 0;
  bool waited = false;
  model->on_change([&] {
    const std::lock_guard lock(seen);
    std::size_t loaded = 0;
    for (const VersionStatus& status : model->status()) {
      if (status.state != VersionState::start && status.state != VersionState::end) ++loaded;
    }
    most = std::max(most, loaded);
    waited = waited || model->route()->variants.empty();
  });
  put(2, 20);
  seal(2);
  model->poll_now();
  EXPECT_EQ(serving(*model), 2);
  {
    const std::lock_guard lock(seen);
    EXPECT_EQ(most, 1U) << "never two at once";
    EXPECT_TRUE(waited);
  }
  put(3, 30, "function: nonsense\n");
  seal(3);
  model->poll_now();
  EXPECT_EQ(serving(*model), 2) << "what served is loaded again";
  EXPECT_TRUE(status_of(*model, 3).failed);
  model->on_change({});
}

TEST_F(ServedTest, A_folder_that_is_away_for_a_moment_changes_nothing) {
  put(1, 10);
  put(2, 20);
  const auto model = make();
  ASSERT_TRUE(model->open().ok());
  fs::rename(dir_.path(), dir_.path() + "_away");
  for (int i = 0; i < 3; ++i) model->poll_now();
  EXPECT_EQ(serving(*model), 2);
  EXPECT_EQ(told("model.folder"), 1U);
  fs::rename(dir_.path() + "_away", dir_.path());
  model->poll_now();
  EXPECT_EQ(serving(*model), 2);
}

TEST_F(ServedTest, A_latest_version_whose_folder_is_removed_gives_way_to_the_one_before) {
  put(1, 10);
  put(2, 20);
  const auto model = make();
  ASSERT_TRUE(model->open().ok());
  fs::remove_all(dir_ / "2");
  model->poll_now();
  EXPECT_EQ(serving(*model), 1);
}

TEST_F(ServedTest, A_uri_names_a_version_by_the_hash_of_its_manifest) {
  put(1, 10);
  put(7, 70);
  seal(7);
  const std::string hash = *sha256_of_file(dir_ / "7/manifest.json");
  const auto model = make({{"version", "1"}});
  ASSERT_TRUE(model->open().ok());
  ASSERT_TRUE(model->prepare(wish_for("file://" + (dir_ / "7") + "#sha256=" + hash), 1).ok());
  ASSERT_TRUE(eventually([&] { return serving(*model) == 7; }));
  std::string other = hash;
  other[0] = other[0] == 'a' ? 'b' : 'a';
  ASSERT_TRUE(model->prepare(wish_for("file://" + (dir_ / "7") + "#sha256=" + other), 2).ok());
  ASSERT_TRUE(eventually([&] { return model->refused(2).has_value(); }));
  EXPECT_NE(model->refused(2)->message().find("another version"), std::string::npos);
  EXPECT_EQ(serving(*model), 7);
}

TEST_F(ServedTest, A_fetch_command_fills_a_cache_that_is_used_again) {
  put(7, 70);
  seal(7);
  const std::string hash = *sha256_of_file(dir_ / "7/manifest.json");
  ScratchDir cache;
  Node node = calls::entry({{"version", "store://x/7#sha256=" + hash},
                            {"path", dir_.path()},
                            {"cache", cache / "models"}});
  node.set("fetch", Node::sequence({calls::text("sh"), calls::text("-c"),
                                    calls::text("cp -r \"$2\"/7/. \"$1\"; echo once >> \"$3\""),
                                    calls::text("sh"), calls::text("{dir}"),
                                    calls::text(dir_.path()), calls::text(cache / "log")}));
  for (int i = 0; i < 2; ++i) {
    const auto model = make(node);
    const Status opened = model->open();
    ASSERT_TRUE(opened.ok()) << opened.error().message();
    EXPECT_EQ(serving(*model), 7);
    EXPECT_EQ(model->current()->path, cache / "models/" + hash);
  }
  EXPECT_EQ(fs::file_size(cache / "log"), 5U) << "fetched once";
}

}  // namespace
}  // namespace thalweg
