// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>

namespace boost::asio {
class io_context;
}

namespace sfu {

class TlsContext;

// Reads the files of TLS again at SIGHUP, and logs how long the certificate
// lasts. Without TLS a SIGHUP means nothing; it never ends the process.
class TlsRenewal {
 public:
  // `tls` may be null; it and `context` must outlive the object.
  TlsRenewal(boost::asio::io_context& context, TlsContext* tls);
  ~TlsRenewal();
  TlsRenewal(const TlsRenewal&) = delete;
  TlsRenewal& operator=(const TlsRenewal&) = delete;

  // Logs, and waits for signals from now on.
  void Start();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sfu
