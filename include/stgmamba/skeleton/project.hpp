// SPDX-License-Identifier: MIT
// 3-D motion to the 640x360 reference frame.
#pragma once

#include "stgmamba/skeleton/motion.hpp"

namespace stgmamba::skeleton {

struct ProjectOptions {
  bool follow = true;              // the camera turns with the dancer's smoothed heading; false: fixed at the mean one
  double heading_smoothing = 1.0;  // s, Gaussian sigma of the heading
  double metres_per_frame = 2.6;   // the frame's height in metres
  double ground_margin = 0.08;     // share of the frame's height under the ground line
  double travel = 1.0;  // share of sideways travel kept (0 = held at the centre); the camera pans where it must fit
};

/// Orthographic; y up becomes y down; the dancer faces the camera, so the right shoulder is at the smaller x. The
/// lowest ankles of the take stand on the ground line. Missing (NaN) joints stay missing. Throws DataError when neither
/// hips nor neck are ever seen.
Motion project(const Motion3& motion, const ProjectOptions& options = {});

}  // namespace stgmamba::skeleton
