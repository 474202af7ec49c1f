# The scan on a GPU: planning always, kernels where there is a CUDA compiler, the emulation where there are tests.
target_sources(stgmamba_kernels PRIVATE scan/gpu/plan.cpp)
if(STG_HAVE_CUDA)
  target_sources(stgmamba_kernels PRIVATE scan/gpu/backward.cu scan/gpu/finish.cu scan/gpu/forward.cu)
  # Denormals are flushed as on the CPU.
  set_source_files_properties(scan/gpu/backward.cu scan/gpu/finish.cu scan/gpu/forward.cu PROPERTIES COMPILE_OPTIONS -ftz=true)
  target_compile_definitions(stgmamba_kernels PUBLIC STG_HAVE_CUDA=1)
  # The runtime is the one that LibTorch brings, or the toolkit's.
  set_target_properties(stgmamba_kernels PROPERTIES CUDA_RUNTIME_LIBRARY None)
  target_link_libraries(stgmamba_kernels PUBLIC stg_cudart)
endif()
if(STG_BUILD_TESTS)
  add_subdirectory(emulation)
endif()
