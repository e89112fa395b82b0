// Pages that cost something and are the same for all who ask: one thread makes them, one call for everybody who asked before it began.
//
// So a crowd that asks for /metrics costs one page after the other and no more, and nobody is shown figures from before his request.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "http/message.h"

namespace thalweg::http {

using Answered = std::function<void(std::shared_ptr<const Response>)>;

class SharedAnswers {
 public:
  SharedAnswers() = default;
  ~SharedAnswers() { stop(); }
  SharedAnswers(const SharedAnswers&) = delete;
  SharedAnswers& operator=(const SharedAnswers&) = delete;

  // `make` outlives this, and is what tells one page from another. `done` is called on the thread, or never once stop() is called.
  void ask(const std::function<std::shared_ptr<const Response>()>& make, Answered done);
  // Waits for the page that is being made.
  void stop();

 private:
  void loop();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<const std::function<std::shared_ptr<const Response>()>*, std::vector<Answered>>
      waiting_;           // mutex_
  std::thread thread_;    // with the first question; mutex_
  bool stopped_ = false;  // mutex_
};

}  // namespace thalweg::http
