// A folder whose drive does not answer: what serves goes on, wishes are followed, a stop does not wait, and no threads pile up.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/left_behind.h"
#include "model/served_fixture.h"

namespace thalweg {
namespace {

// Looks hang in it while it is shut.
struct Gate {
  std::mutex mutex;
  std::condition_variable changed;
  bool shut = false;
  int waiting = 0, looks = 0;

  void pass() {
    std::unique_lock lock(mutex);
    ++looks;
    ++waiting;
    changed.notify_all();
    changed.wait(lock, [this] { return !shut; });
    --waiting;
  }
  void set(bool to) {
    const std::lock_guard lock(mutex);
    shut = to;
    changed.notify_all();
  }
  bool someone_waits() {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, std::chrono::seconds(20), [this] { return waiting > 0; });
  }
  int count() {
    const std::lock_guard lock(mutex);
    return waiting;
  }
};

// The fake runtime on a drive that may be dead. What a look asks is whether a folder is one of its own.
class DriveRuntime final : public ModelRuntime {
 public:
  DriveRuntime(std::shared_ptr<ModelRuntime> inner, std::shared_ptr<Gate> gate)
      : inner_(std::move(inner)), gate_(std::move(gate)) {}
  [[nodiscard]] std::string_view name() const noexcept override { return inner_->name(); }
  [[nodiscard]] bool recognises(const std::string& path) const override {
    gate_->pass();
    return inner_->recognises(path);
  }
  [[nodiscard]] Result<std::unique_ptr<LoadedModel>> load(const ModelSpec& spec) override {
    return inner_->load(spec);
  }

 private:
  const std::shared_ptr<ModelRuntime> inner_;
  const std::shared_ptr<Gate> gate_;  // left behind with a look that hangs
};

class HungFolder : public ServedTest {
 protected:
  HungFolder() {
    RuntimeKind kind = *calls::registry().runtime("fake");
    kind.make = [inner = kind.make, gate = gate_] {
      return std::make_shared<DriveRuntime>(inner(), gate);
    };
    registry_.add(std::move(kind));
  }
  ~HungFolder() override { gate_->set(false); }

  std::shared_ptr<ServedModel> make_on_drive(const std::string& slow_load = "200ms") {
    const Node node = calls::entry({{"path", dir_.path()},
                                    {"runtime", "fake"},
                                    {"poll", "10ms"},
                                    {"slow_load", slow_load},
                                    {"keep_previous", "1h"}});
    return make(node, registry_);
  }

  std::shared_ptr<Gate> gate_ = std::make_shared<Gate>();
  Registry registry_ = calls::registry();
};

TEST_F(HungFolder, A_look_that_hangs_is_told_and_what_is_in_memory_can_be_wanted_meanwhile) {
  put(1, 10);
  put(2, 20);
  const auto model = make_on_drive();
  ASSERT_TRUE(model->open().ok());
  ASSERT_EQ(serving(*model), 2);
  model->start();
  ASSERT_TRUE(model->prepare(wish_for("1"), 1).ok());
  ASSERT_TRUE(eventually([&] { return serving(*model) == 1; }));
  gate_->set(true);
  ASSERT_TRUE(gate_->someone_waits());
  ASSERT_TRUE(eventually([&] { return told("model.folder") >= 1; }));
  ASSERT_TRUE(model->prepare(wish_for("2"), 2).ok());
  EXPECT_TRUE(eventually([&] { return serving(*model) == 2; })) << "kept warm, and wanted back";
  EXPECT_EQ(gate_->count(), 1) << "of all the turns since one look alone waits";
  appear(3, 30);
  gate_->set(false);
  ASSERT_TRUE(model->prepare(wish_for("latest"), 3).ok());
  EXPECT_TRUE(eventually([&] { return serving(*model) == 3; })) << "it answers again";
  EXPECT_TRUE(eventually([&] { return told("model.folder") >= 2; })) << "and that is said";
}

TEST_F(HungFolder, Further_looks_are_tried_beside_one_that_hangs_and_five_wait_at_most) {
  put(1, 10);
  // The second is tried after 60 ms, and each further one after twice as long: the sixth would be after a second.
  const auto model = make_on_drive("2ms");
  ASSERT_TRUE(model->open().ok());
  model->start();
  gate_->set(true);
  int most = 0;
  EXPECT_TRUE(eventually([&] {
    most = std::max(most, gate_->count());
    return most == 5;
  }));
  int epoch = 0;
  const auto long_after = std::chrono::steady_clock::now() + std::chrono::seconds(2);
  while (std::chrono::steady_clock::now() < long_after) {  // turns, whatever they are for
    ++epoch;
    ASSERT_TRUE(model->prepare(wish_for("1"), epoch).ok());
    ASSERT_TRUE(eventually([&] { return model->epoch() == epoch; }));
    most = std::max(most, gate_->count());
  }
  EXPECT_EQ(most, 5);
  appear(2, 20);
  gate_->set(false);
  EXPECT_TRUE(eventually([&] { return serving(*model) == 1 && gate_->count() == 0; }));
  ASSERT_TRUE(model->prepare(wish_for("2"), ++epoch).ok());
  EXPECT_TRUE(eventually([&] { return serving(*model) == 2; }));
}

TEST_F(HungFolder, A_start_gives_up_after_a_while_and_says_which_folder_does_not_answer) {
  put(1, 10);
  const auto model = make_on_drive();
  gate_->set(true);
  const Status opened = model->open();  // or this test does not end
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code(), Code::io_failed) << "nobody tries that again by himself";
  EXPECT_THAT(opened.error().message(), testing::HasSubstr("'" + std::string(dir_.path()) + "'"));
  EXPECT_THAT(opened.error().message(), testing::HasSubstr("no answer"));
  EXPECT_EQ(told("model.folder"), 1U) << "and before that the log said what is waited for";
  gate_->set(false);
  EXPECT_TRUE(eventually([&] { return model->open().ok(); })) << "asked again when it answers";
  EXPECT_EQ(serving(*model), 1);
}

TEST_F(HungFolder, A_stop_waits_for_no_look_and_leaves_its_thread_behind) {
  put(1, 10);
  auto model = make_on_drive();
  ASSERT_TRUE(model->open().ok());
  model->start();
  gate_->set(true);
  ASSERT_TRUE(gate_->someone_waits());
  const std::size_t before = left_behind_so_far();
  model.reset();  // or this test does not end
  EXPECT_EQ(left_behind_so_far(), before + 1);
}

}  // namespace
}  // namespace thalweg
