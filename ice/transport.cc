// SPDX-License-Identifier: GPL-3.0-or-later
#include "ice/transport.h"

#include <algorithm>
#include <optional>
#include <vector>

namespace ice {

struct Transport::Impl {
  Impl(rtp::Timestamp now, const rtp::TransportSpec& spec,
       const DtlsIdentity& own)
      : agent(spec.local, spec.remote),
        identity(own),
        dtls_role(spec.dtls_role),
        fingerprint(spec.remote_fingerprint),
        started(now) {
    MakeDtls();
  }

  void MakeDtls() {
    dtls = identity.MakeAssociation(dtls_role);
    if (fingerprint) dtls->SetRemoteFingerprint(*fingerprint);
    dtls_started = false;
  }

  // Sends what DTLS wrote and follows its state.
  void AfterDtls(rtp::Timestamp now, DatagramSink& sink) {
    for (const std::vector<uint8_t>& datagram : dtls->TakeDatagrams()) {
      if (agent.selected()) sink.SendDatagram(*agent.selected(), datagram);
    }
    if (state == State::kFailed) return;
    switch (dtls->state()) {
      case DtlsAssociation::State::kHandshaking:
        return;
      case DtlsAssociation::State::kConnected:
        if (state == State::kConnecting) last_authentic = now;
        state = State::kConnected;
        return;
      case DtlsAssociation::State::kFailed:
        return OnDtlsFailed(Failure::kDtlsFailed);
      case DtlsAssociation::State::kMismatch:
        return OnDtlsFailed(Failure::kFingerprintMismatch);
      case DtlsAssociation::State::kClosed:
        return Fail(Failure::kClosedByPeer);
    }
  }

  // A handshake that nobody finished can be failed by a datagram in the peer's
  // name, a certificate of another in it too. It takes only itself along: the
  // peer may begin another until kConnectTimeout (T6). Ours, if we are active,
  // begins with the next authentic check, so that two that cannot agree do not
  // keep each other busy.
  void OnDtlsFailed(Failure why) {
    if (dtls->handshake_done() || ++dtls_restarts > kMaxDtlsRestarts) {
      return Fail(why);
    }
    dtls_failure = why;
    MakeDtls();
  }

  void OnHeard(rtp::Timestamp now) {
    last_authentic = now;
    silent = false;
    asked = 0;
  }

  void Fail(Failure why) {
    state = State::kFailed;
    failure = why;
  }

  IceLiteAgent agent;
  const DtlsIdentity& identity;
  const rtp::DtlsRole dtls_role;
  std::optional<rtp::CertificateFingerprint> fingerprint;
  // Always there; made anew for a restart.
  std::unique_ptr<DtlsAssociation> dtls;
  bool dtls_started = false;
  int dtls_restarts = 0;
  Failure dtls_failure = Failure::kConnectTimeout;  // why it took so long
  State state = State::kConnecting;
  Failure failure = Failure::kNone;
  bool silent = false;
  int64_t asked = 0;  // times since last_authentic
  const rtp::Timestamp started;
  rtp::Timestamp last_authentic = rtp::Timestamp::min();
};

Transport::Transport(rtp::Timestamp now, const rtp::TransportSpec& spec,
                     const DtlsIdentity& identity)
    : impl_(std::make_unique<Impl>(now, spec, identity)) {}

Transport::~Transport() = default;

bool Transport::HandleStun(rtp::Timestamp now, const SocketAddress& from,
                           std::span<const uint8_t> datagram,
                           DatagramSink& sink) {
  if (impl_->state == State::kFailed ||
      !impl_->agent.HandleStun(now, from, datagram, sink)) {
    return false;
  }
  impl_->OnHeard(now);
  if (!impl_->dtls_started && impl_->agent.selected()) {
    impl_->dtls_started = true;
    impl_->dtls->Start(now);
    impl_->AfterDtls(now, sink);
  }
  return true;
}

void Transport::HandleDtls(rtp::Timestamp now, const SocketAddress& from,
                           std::span<const uint8_t> datagram,
                           DatagramSink& sink) {
  if (impl_->state == State::kFailed || !impl_->agent.IsValidated(from)) return;
  impl_->dtls->HandleDatagram(now, datagram);
  impl_->AfterDtls(now, sink);
}

void Transport::OnMediaAuthenticated(rtp::Timestamp now) {
  impl_->OnHeard(now);
  impl_->dtls->OnPeerHasKeys();
}

bool Transport::SetRemoteFingerprint(
    rtp::Timestamp now, const rtp::CertificateFingerprint& fingerprint,
    DatagramSink& sink) {
  if (impl_->fingerprint) return false;
  impl_->fingerprint = fingerprint;
  impl_->dtls->SetRemoteFingerprint(fingerprint);
  const rtp::Timestamp heard = impl_->last_authentic;
  impl_->AfterDtls(now, sink);
  impl_->last_authentic = heard;  // signalling is no sign of the pair
  return true;
}

void Transport::SetRemoteCredentials(const rtp::IceCredentials& remote) {
  impl_->agent.SetRemote(remote);
}

void Transport::RestartIce(rtp::Timestamp now, const rtp::IceCredentials& local,
                           const rtp::IceCredentials& remote) {
  impl_->agent.Restart(now, local, remote);
}

Transport::State Transport::state() const { return impl_->state; }
Transport::Failure Transport::failure() const { return impl_->failure; }
bool Transport::silent() const { return impl_->silent; }

const std::optional<SocketAddress>& Transport::remote_address() const {
  return impl_->agent.selected();
}

const std::optional<rtp::SrtpKeys>& Transport::keys() const {
  return impl_->dtls->keys();
}

rtp::Timestamp Transport::NextDeadline() const {
  if (impl_->state == State::kFailed) return rtp::kNever;
  rtp::Timestamp deadline = impl_->dtls->NextDeadline();
  if (impl_->state == State::kConnecting) {
    return std::min(deadline, impl_->started + kConnectTimeout);
  }
  // The deadline of silence is recomputed when it comes, not per packet.
  return std::min(
      deadline, impl_->last_authentic +
                    std::min(impl_->silent ? kConsentTimeout : kSilenceTimeout,
                             kAskInterval * (impl_->asked + 1)));
}

void Transport::HandleTimeout(rtp::Timestamp now, DatagramSink& sink) {
  if (impl_->state == State::kFailed) return;
  if (now >= impl_->dtls->NextDeadline()) {
    impl_->dtls->HandleTimeout(now);
    impl_->AfterDtls(now, sink);
  }
  if (impl_->state == State::kConnecting) {
    if (now >= impl_->started + kConnectTimeout) {
      impl_->Fail(impl_->dtls_failure);
    }
  } else if (impl_->state == State::kConnected) {
    if (now >= impl_->last_authentic + kConsentTimeout) {
      impl_->Fail(Failure::kConsentLost);
      return;
    }
    const rtp::TimeDelta silence = now - impl_->last_authentic;
    impl_->silent = silence >= kSilenceTimeout;
    if (silence / kAskInterval > impl_->asked) {
      impl_->asked = silence / kAskInterval;
      impl_->agent.AskForConsent(sink);
    }
  }
}

void Transport::Close(rtp::Timestamp now, DatagramSink& sink) {
  impl_->dtls->Close();
  impl_->AfterDtls(now, sink);
}

}  // namespace ice
