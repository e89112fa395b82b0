// The broker of a run: a real Apache Kafka through script/kafka, with data, ports and log of its own.
//
// It has two doors. Generator, verifier and admin use the plain one; the pipelines come through the proxy, whose port the other one
// advertises. So a cut or a delay hits what is tested, and not what tests it. From the main thread.
#pragma once

#include <string>

#include "chaos/proxy.h"

namespace thalweg::chaos {

class Broker {
 public:
  // `root` is the checkout, `log` gets what script/kafka says.
  Broker(std::string root, std::string name, std::string log, Proxy& proxy);

  void start();      // with the data it had
  void stop();       // as an operator does
  void kill();       // as a crash does
  void fill_disk();  // no file of its process may grow any more; it does not get well from that
  [[nodiscard]] bool running() const;

  [[nodiscard]] const std::string& address() const noexcept { return address_; }
  [[nodiscard]] std::string address_through_proxy() const;
  [[nodiscard]] std::string folder() const { return root_ + "/build/broker/" + name_; }
  void wipe();

 private:
  void script(const std::string& command, const std::string& option = "");
  [[nodiscard]] int number_in(const std::string& file) const;

  std::string root_, name_, log_, address_;
  int port_;
  Proxy& proxy_;
};

}  // namespace thalweg::chaos
