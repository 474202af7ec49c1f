// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/autocast_mode.h>

namespace stgmamba::train {

/// Products and convolutions in bfloat16 for a scope, where PyTorch's autocast does so; weights stay float32.
class Autocast {
 public:
  Autocast(c10::DeviceType device, bool on)
      : device_(device),
        was_on_(at::autocast::is_autocast_enabled(device)),
        was_type_(at::autocast::get_autocast_dtype(device)) {
    at::autocast::set_autocast_enabled(device_, on);
    at::autocast::set_autocast_dtype(device_, at::kBFloat16);
    at::autocast::increment_nesting();
  }
  ~Autocast() {
    if (at::autocast::decrement_nesting() == 0) {
      at::autocast::clear_cache();  // of converted weights: the optimiser changes them
    }
    at::autocast::set_autocast_enabled(device_, was_on_);
    at::autocast::set_autocast_dtype(device_, was_type_);
  }
  Autocast(const Autocast&) = delete;
  Autocast& operator=(const Autocast&) = delete;

 private:
  c10::DeviceType device_;
  bool was_on_;
  at::ScalarType was_type_;
};

}  // namespace stgmamba::train
