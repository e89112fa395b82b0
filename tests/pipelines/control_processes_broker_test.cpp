// Whole processes that follow one control topic: two with four workers and two models, changed by the command line; killed at any moment;
// paused and looked into while records pass.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <map>
#include <random>
#include <set>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control/heartbeat.h"
#include "pipelines/support/control_pipeline.h"

namespace thalweg {
namespace {

using test::Command;
using test::Reader;
using test::TestMessage;
using ::testing::HasSubstr;
using ::testing::Not;
using namespace std::chrono_literals;

using ControlProcessesBroker = test::ControlPipeline;

// From the record to the word of the last process that serves it, in ms, by the times that stand in the topic itself: those of the programs that
// wrote there, on one machine's clock. How late this test looks plays no part.
std::optional<std::int64_t> converged_after(const std::vector<TestMessage>& topic,
                                            const std::string& model, std::int64_t epoch,
                                            std::size_t processes) {
  std::int64_t written = -1, last = -1;
  std::set<std::string> serve;
  for (const TestMessage& m : topic) {
    if (m.offset == epoch) written = m.timestamp;
    const auto who = control::parse_process_key(m.key.value_or(""));
    if (!who || !m.value) continue;
    const auto word = control::parse_heartbeat(*m.value);
    if (!word.ok()) continue;
    const auto report = word->models.find(model);
    if (report == word->models.end() || report->second.active != epoch) continue;
    if (serve.insert(who->second).second) last = std::max(last, m.timestamp);
  }
  if (written < 0 || serve.size() < processes) return std::nullopt;
  return last - written;
}

TEST_F(ControlProcessesBroker, Two_processes_four_workers_and_two_models_follow_one_record) {
  const auto one = run(), two = run();
  ASSERT_TRUE(assigned(*one)) << one->err();
  ASSERT_TRUE(assigned(*two)) << two->err();
  const auto both_alive = [&] {
    return count_of(models({"status", "a", "--json"}).out, R"("alive":true)") == 2;
  };
  ASSERT_TRUE(test::eventually(both_alive, 60s));
  Reader out(brokers_, out_, 4);
  int sent = 0;
  std::vector<std::int64_t> times;
  Reader topic(brokers_, control_, 1);
  int change = 0;
  for (const int version : {2, 3, 4, 5, 3, 2}) {
    ++change;
    const std::string text = std::to_string(version);
    const Said a = models({"route", "a", text, "--by", "ann"});
    ASSERT_EQ(a.code, 0) << a.err;
    const Said b = models({"route", "b", text, "--by", "ann", "--wait", "--timeout", "60"});
    ASSERT_EQ(b.code, 0) << b.out << b.err;
    const std::int64_t epochs[] = {number_after(a.out, "epoch "), number_after(b.out, "epoch ")};
    const auto in_log = [&](const Command& process) {
      return process.count_in_err(fmt::format("model 'a': epoch {} is active", epochs[0])) == 1 &&
             process.count_in_err(fmt::format("model 'b': epoch {} is active", epochs[1])) == 1;
    };
    ASSERT_TRUE(test::eventually([&] { return in_log(*one) && in_log(*two); }, 60s)) << version;
    for (const auto& [model, epoch] : {std::pair{"a", epochs[0]}, {"b", epochs[1]}}) {
      std::optional<std::int64_t> ms;
      ASSERT_TRUE(topic.until([&](const auto& all) {
        ms = converged_after(all, model, epoch, 2);
        return ms.has_value();
      }));
      times.push_back(*ms);
      RecordProperty(fmt::format("{}_{}_converged_ms", model, change), static_cast<int>(*ms));
    }
    // What people see, and what the outputs say.
    for (const auto& [model, epoch] : {std::pair{"a", epochs[0]}, {"b", epochs[1]}}) {
      const std::string status = models({"status", model}).out;
      EXPECT_EQ(count_of(status, fmt::format("serves epoch {}", epoch)), 2U) << status;
      EXPECT_EQ(count_of(status, fmt::format("version {} AVAILABLE, serving", version)), 2U)
          << status;
    }
    send(sent, 200);
    sent += 200;
    ASSERT_TRUE(out.until_count(static_cast<std::size_t>(sent)));
    for (std::size_t i = static_cast<std::size_t>(sent) - 200; i < out.all().size(); ++i) {
      const TestMessage& m = out.all()[i];
      EXPECT_EQ(answer(m, "first"), text) << *m.value;
      EXPECT_EQ(answer(m, "second"), text) << *m.value;
      const std::string head = header(m, "thalweg");
      EXPECT_THAT(head, HasSubstr("version=" + text));
      EXPECT_THAT(head, HasSubstr(fmt::format("epoch={}", epochs[0])));
      EXPECT_THAT(head, HasSubstr(fmt::format("epoch={}", epochs[1])));
    }
  }
  // The claim is two seconds, for each of the twelve.
  std::printf("converged in ms: %s\n", fmt::format("{}", fmt::join(times, ", ")).c_str());
  EXPECT_EQ(times.size(), 12U);
  for (const std::int64_t ms : times) EXPECT_LE(ms, 2000);
  EXPECT_EQ(one->stop(), 0) << one->err();
  EXPECT_EQ(two->stop(), 0) << two->err();
}

// Not in the models' folder: who is to load it learns of it by the record alone.
TEST_F(ControlProcessesBroker, A_version_announced_by_its_address_serves_in_every_process) {
  folder_.write("export/fake.yaml", "function: constant\nvalue: 9\n");
  const Said published = thalweg({"model", "publish", folder_ / "export", "--to",
                                  folder_ / "elsewhere", "--version", "9", "--json"});
  ASSERT_EQ(published.code, 0) << published.err;
  const std::size_t at = published.out.find("file://");
  const std::string uri = published.out.substr(at, published.out.find('"', at) - at);
  const auto one = run(), two = run();
  ASSERT_TRUE(assigned(*one)) << one->err();
  ASSERT_TRUE(assigned(*two)) << two->err();
  const Said routed = models({"route", "a", uri, "--wait"});
  ASSERT_EQ(routed.code, 0) << routed.out << routed.err;
  const std::string status = models({"status", "a"}).out;
  const std::string serves = "version 9 from " + uri + " AVAILABLE, serving";
  EXPECT_EQ(count_of(status, serves), 2U) << status;
  send(0, 200);
  Reader out(brokers_, out_, 4);
  ASSERT_TRUE(out.until_count(200));
  for (const TestMessage& m : out.all()) EXPECT_EQ(answer(m, "first"), "9") << *m.value;

  // Another manifest than the address names: both refuse it and go on.
  std::string other = uri;
  other.back() = other.back() == 'a' ? 'b' : 'a';
  const Said refused = models({"route", "a", other, "--wait", "--timeout", "5"});
  EXPECT_NE(refused.code, 0);
  EXPECT_EQ(count_of(refused.out, "it is another version than was meant"), 2U) << refused.out;
  EXPECT_EQ(count_of(refused.out, serves), 2U) << refused.out;
  EXPECT_EQ(one->stop(), 0) << one->err();
  EXPECT_EQ(two->stop(), 0) << two->err();
}

// Each process finds the latest version for itself, in its own time: which one answers may differ between them for a moment, and change without
// another epoch. Which variant a key has does neither.
TEST_F(ControlProcessesBroker,
       With_latest_the_version_may_change_within_an_epoch_and_the_variant_of_a_key_not) {
  const auto one = run(), two = run();
  ASSERT_TRUE(assigned(*one)) << one->err();
  ASSERT_TRUE(assigned(*two)) << two->err();
  const Said routed = models({"route", "a", "b=40%@latest", "--wait"});
  ASSERT_EQ(routed.code, 0) << routed.out << routed.err;
  EXPECT_THAT(routed.err, HasSubstr("each process finds the latest version for itself"));
  const std::string epoch = fmt::format(",epoch={},", number_after(routed.out, "epoch "));
  Reader out(brokers_, out_, 4);
  const auto part = [](const std::string& head, const std::string& name) {
    const std::size_t at = head.find(name + "=", head.find("model=a,")) + name.size() + 1;
    return head.substr(at, head.find(',', at) - at);
  };
  std::map<std::string, std::string> variants;  // by key
  std::map<std::string, std::set<std::string>> versions;
  const auto look = [&](int first, int count) {
    // The same keys each time, in other partitions: so by the other process, too.
    std::vector<TestMessage> messages;
    for (int n = 0; n < count; ++n)
      messages.push_back({.value = value(n),
                          .key = std::to_string(n),
                          .partition = (n + first / count) % partitions_});
    const std::size_t had = out.all().size();
    test::produce(brokers_, in_, messages);
    ASSERT_TRUE(out.until_count(had + static_cast<std::size_t>(count)));
    versions.clear();
    for (std::size_t i = had; i < out.all().size(); ++i) {
      const TestMessage& m = out.all()[i];
      const std::string head = header(m, "thalweg");
      const std::string variant = part(head, "variant");
      EXPECT_THAT(head, HasSubstr(epoch));
      EXPECT_EQ(answer(m, "first"), part(head, "version")) << "whoever it was, it is said";
      EXPECT_EQ(variants.try_emplace(*m.key, variant).first->second, variant) << head;
      versions[variant].insert(part(head, "version"));
    }
  };
  ASSERT_NO_FATAL_FAILURE(look(0, 400));
  EXPECT_EQ(versions["b"], std::set<std::string>{"5"});
  EXPECT_EQ(versions["champion"], std::set<std::string>{"1"});
  folder_.write("a/6/fake.yaml", "function: constant\nvalue: 6\n");
  ASSERT_NO_FATAL_FAILURE(look(400, 400));  // while they find it
  const auto both_serve = [&] {
    return count_of(models({"status", "a"}).out, "version 6 AVAILABLE, b\n") == 2;
  };
  ASSERT_TRUE(test::eventually(both_serve, 60s)) << models({"status", "a"}).out;
  ASSERT_NO_FATAL_FAILURE(look(800, 400));
  EXPECT_EQ(versions["b"], std::set<std::string>{"6"});
  EXPECT_EQ(versions["champion"], std::set<std::string>{"1"}) << "a number stays";
  // What people see of it is the sum of both processes, too.
  const auto both_told = [&] {
    return count_of(models({"status", "a"}).out, "A/B of 2 processes in epoch") == 1;
  };
  EXPECT_TRUE(test::eventually(both_told, 60s)) << models({"status", "a"}).out;
  EXPECT_EQ(one->stop(), 0) << one->err();
  EXPECT_EQ(two->stop(), 0) << two->err();
}

TEST_F(ControlProcessesBroker,
       A_process_killed_amid_changes_has_the_topics_state_after_its_restart) {
  std::mt19937 random(13);
  const auto other = run();
  ASSERT_TRUE(assigned(*other)) << other->err();
  int kills = 0;
  for (int round = 0; round < 6; ++round) {
    const auto victim = run();
    ASSERT_TRUE(assigned(*victim)) << victim->err();
    send(round * 100, 100);
    // Changes one behind the other, none waited for; it dies at some moment of them.
    Command first({test::thalweg_binary(), "models", "route", folder_ / "p.yaml", "a",
                   std::to_string(2 + round % 4)},
                  folder_.path());
    Command second({test::thalweg_binary(), "models", "route", folder_ / "p.yaml", "b",
                    fmt::format("c=30%@{}", 2 + (round + 1) % 4)},
                   folder_.path());
    std::this_thread::sleep_for(std::chrono::milliseconds(random() % 400));  // whenever it hits
    victim->signal(SIGKILL);
    kills += victim->wait() == 128 + SIGKILL ? 1 : 0;
    ASSERT_EQ(first.wait(), 0) << first.err();
    ASSERT_EQ(second.wait(), 0) << second.err();
    const auto again = run();
    ASSERT_TRUE(assigned(*again)) << again->err();
    for (const char* model : {"a", "b"}) {
      const std::string wanted = models({"list", model, "--json"}).out;
      const std::string epoch = std::to_string(number_after(wanted, R"("epoch":)"));
      // The new one, and the one that lived through it; the dead one is silent by and by and is not waited for.
      const auto all_serve = [&] {
        const std::string status = models({"status", model}).out;
        return count_of(status, "serves epoch " + epoch + "\n") >= 2 &&
               models({"status", model, "--json"}).out.find(R"("converged":true)") !=
                   std::string::npos;
      };
      EXPECT_TRUE(test::eventually(all_serve, 60s)) << models({"status", model}).out;
    }
    EXPECT_GE(again->count_in_err("control.differs"), 1U) << again->err();
    EXPECT_EQ(again->stop(), 0) << again->err();
  }
  EXPECT_EQ(kills, 6);
  const auto last = run();
  ASSERT_TRUE(assigned(*last)) << last->err();
  send(600, 100);
  Reader out(brokers_, out_, 4);
  ASSERT_TRUE(out.until([](const auto& all) { return keys(all).size() >= 700; })) << "none is lost";
  const std::int64_t epoch = number_after(models({"list", "a", "--json"}).out, R"("epoch":)");
  for (const TestMessage& m : out.all()) {
    const std::string head = header(m, "thalweg");
    EXPECT_THAT(head, HasSubstr("version=" + answer(m, "first")));
    EXPECT_THAT(head, HasSubstr("version=" + answer(m, "second")));
    if (std::stoi(*m.key) < 600) continue;
    EXPECT_EQ(answer(m, "first"), "3") << "what the last change says";
    EXPECT_THAT(head, HasSubstr(fmt::format("epoch={}", epoch)));
  }
  EXPECT_EQ(last->stop(), 0) << last->err();
  EXPECT_EQ(other->stop(), 0) << other->err();
}

TEST_F(ControlProcessesBroker, Pause_resume_peek_and_the_repository_calls_reach_a_live_pipeline) {
  const auto process = run({"http={port: 0, token: s3cret}"});
  ASSERT_TRUE(assigned(*process)) << process->err();
  ASSERT_TRUE(says(*process, "http.listening"));
  const auto log = process->err();
  const std::string url =
      "http://127.0.0.1:" + std::to_string(number_after(log.substr(log.find("http.listening")),
                                                        "listening on 127.0.0.1:"));
  const std::string file = folder_ / "p.yaml";
  const auto with_token = [&](std::vector<std::string> words, const std::string& token) {
    words.insert(words.end(), {"--url", url});
    words.insert(words.begin(), {"/usr/bin/env", "THALWEG_TOKEN=" + token, test::thalweg_binary()});
    Command command(words, folder_.path());
    const auto code = command.wait();
    return Said{code.value_or(-1), command.out(), command.err()};
  };
  const auto ask = [&](std::vector<std::string> words) { return with_token(words, "s3cret"); };

  // Through the process; the topic knows it too.
  EXPECT_THAT(with_token({"models", "list", file}, "wrong").err, HasSubstr("status 401"));
  EXPECT_EQ(ask({"models", "route", file, "a", "3", "--by", "ann", "--wait"}).code, 0);
  EXPECT_EQ(ask({"models", "label", file, "a", "stable=2"}).code, 0);
  EXPECT_EQ(ask({"models", "route", file, "a", "stable", "--wait"}).code, 0);
  EXPECT_THAT(ask({"models", "status", file, "a"}).out, HasSubstr("version 2 AVAILABLE, serving"));
  EXPECT_EQ(ask({"models", "shadow", file, "a", "4", "--wait"}).code, 0);
  EXPECT_THAT(models({"list"}).out, HasSubstr("a: version stable; shadow version 4"));
  EXPECT_EQ(ask({"models", "rollback", file, "a"}).code, 0);
  EXPECT_THAT(models({"list"}).out, Not(HasSubstr("shadow")));
  EXPECT_EQ(ask({"models", "reset", file, "a", "--wait"}).code, 0);
  EXPECT_THAT(models({"list"}).out, HasSubstr("a: version 1   (the pipeline file)"));
  EXPECT_THAT(ask({"models", "route", file, "a", "77"}).out, HasSubstr("version 77"));
  const Said refused = ask({"models", "status", file, "a"});
  EXPECT_THAT(refused.out, HasSubstr("version 1 AVAILABLE, serving"));
  EXPECT_EQ(ask({"models", "reset", file, "a", "--wait"}).code, 0);

  // Open Inference Protocol; curl is what people type.
  const auto curl = [&](const std::string& path, const std::vector<std::string>& more = {}) {
    std::vector<std::string> words{
        "/usr/bin/curl", "-sS", "-m", "20", "-H", "Authorization: Bearer s3cret", url + path};
    words.insert(words.end(), more.begin(), more.end());
    if (more.empty()) words.insert(words.end(), {"-d", ""});
    Command command(words, folder_.path());
    EXPECT_EQ(command.wait(), 0) << command.err();
    return command.out();
  };
  const std::string index = curl("/v2/repository/index");
  EXPECT_THAT(index, HasSubstr(R"("name":"a","version":"1","state":"READY")"));
  EXPECT_THAT(index, HasSubstr(R"("name":"b","version":"5","state":"UNAVAILABLE")"));
  EXPECT_THAT(curl("/v2/repository/index", {"-d", R"({"ready":true})"}),
              Not(HasSubstr("UNAVAILABLE")));
  EXPECT_THAT(
      curl("/v2/repository/models/b/load", {"-d", R"({"parameters":{"version":"4","by":"ann"}})"}),
      HasSubstr(R"("written":true)"));
  EXPECT_THAT(models({"list", "b"}).out, HasSubstr("b: version 4   (epoch"));
  EXPECT_THAT(curl("/v2/repository/models/b/load"), HasSubstr(R"("written":false)"))
      << "it is loaded";
  EXPECT_THAT(curl("/v2/repository/models/b/unload"), HasSubstr("expected a variant"));
  EXPECT_THAT(curl("/v2/repository/models/bb/load"), HasSubstr("Did you mean 'b'"));

  // Paused: what comes is read after `resume`.
  Reader out(brokers_, out_, 4);
  send(0, 100);
  ASSERT_TRUE(out.until_count(100));
  ASSERT_EQ(thalweg({"pause", file, "--why", "the database is moved"}).code, 0);
  ASSERT_TRUE(says(*process, "control.paused"));
  EXPECT_THAT(ask({"models", "status", file, "a"}).out, HasSubstr("the pipeline is paused"));
  EXPECT_THAT(thalweg({"check", file}).out, HasSubstr("the pipeline is paused"));
  send(100, 100);
  out.until_quiet(1s);
  EXPECT_EQ(out.all().size(), 100U) << "it rests";
  ASSERT_EQ(ask({"resume", file}).code, 0);
  ASSERT_TRUE(out.until_count(200));

  // Records that pass, where they are asked for.
  std::atomic<bool> done{false};
  std::thread feeder([&] {
    for (int n = 200; !done && n < 100'000; n += 20) {
      send(n, 20);
      std::this_thread::sleep_for(50ms);
    }
  });
  const Said decoded = ask({"peek", file, "decode", "--limit", "2"});
  const Said scored = ask({"peek", file, "--limit", "3", "--json"});
  const Said wrong = ask({"peek", file, "decod"});
  done = true;
  feeder.join();
  EXPECT_THAT(decoded.out, HasSubstr("  n: ")) << decoded.err;
  EXPECT_THAT(decoded.out, Not(HasSubstr("first")));
  EXPECT_EQ(count_of(scored.out, R"("first":1)"), 3U) << scored.out << scored.err;
  EXPECT_EQ(count_of(scored.out, R"("second":4)"), 3U) << scored.out;
  EXPECT_NE(wrong.code, 0);
  EXPECT_THAT(wrong.err, HasSubstr("Did you mean 'decode'"));
  EXPECT_EQ(process->stop(), 0) << process->err();
}

}  // namespace
}  // namespace thalweg
