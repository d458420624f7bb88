// SPDX-License-Identifier: GPL-3.0-or-later
#include "sfu/tls_renewal.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <chrono>
#include <csignal>
#include <string>

#include "sfu/log.h"
#include "sfu/tls_context.h"

namespace sfu {

struct TlsRenewal::Impl {
  Impl(boost::asio::io_context& context, TlsContext* tls_context)
      : tls(tls_context), hangups(context, SIGHUP) {}

  void Wait();
  void LogCertificate() const;

  TlsContext* const tls;
  boost::asio::signal_set hangups;
};

void TlsRenewal::Impl::Wait() {
  hangups.async_wait([this](const boost::system::error_code& error, int) {
    if (error) return;
    if (tls != nullptr) {
      const std::string problem = tls->Reload();
      if (problem.empty()) {
        LogCertificate();
      } else {
        SFU_LOG(kError, "tls_reload_failed")
            .With("error", problem)
            .With("remedy", "the former certificate stays; mend, SIGHUP again");
      }
    }
    Wait();
  });
}

void TlsRenewal::Impl::LogCertificate() const {
  const auto left = tls->expiry() - std::chrono::system_clock::now();
  const auto days = std::chrono::duration_cast<std::chrono::hours>(left) / 24;
  if (left > TlsContext::kTimeToRenew) {
    SFU_LOG(kInfo, "tls_certificate").With("days_left", days.count());
  } else {
    SFU_LOG(kWarning, left.count() > 0 ? "tls_certificate_ends"
                                       : "tls_certificate_expired")
        .With("days_left", days.count())
        .With("remedy",
              "renew the files of --tls_certificate, --tls_key; then "
              "send SIGHUP");
  }
}

TlsRenewal::TlsRenewal(boost::asio::io_context& context, TlsContext* tls)
    : impl_(std::make_unique<Impl>(context, tls)) {}

TlsRenewal::~TlsRenewal() = default;

void TlsRenewal::Start() {
  if (impl_->tls != nullptr) impl_->LogCertificate();
  impl_->Wait();
}

}  // namespace sfu
