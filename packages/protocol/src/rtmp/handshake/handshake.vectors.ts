/** C1 of ffmpeg 5.1.9 (Debian 12) as a player, captured: version 9.0.124.2, digest at scheme 8. Base64. */
export const ffmpegClientPacket =
  'AAAAAAkAfAL3eFUezquOHjYvB8WGinCyZtQCIOUIYRiiLjaX1fwrYynCLufHybC1s0XfqDmP6jvIeSCKEGhCWqEXTLVyWM/r4k2k' +
  'LsT/naGce0BvGMlb/dBO5ItvgzIUpHuL9o6wUlTiWumpqLSWxUlvbpzXxoy2vMhBaeZ/Pjcv/hhtqFE4YsWv3rWhIYqGC6zN2Gmy' +
  'U9urig77WaSMRCCZh15Vt0/QehtprzA+CZhzy3fi2eLEdB6x9Qan8LKWKvkfUFHIkKMgmU9MizagH6nA8V9LfPe2w4F9pgkYYR07' +
  'Av98yUA4k3U30zguQWvVdXeDTfnK90g1IVDOktDbtA6HH8Nk4Yt+NWnjmHbBrgy3n/bXqzL58BGGnI2kGR70bTwbxrctg4EvIkPR' +
  'dSpBJjLWaiB19dMC9FzfK5i4AreYBdxIN9hO3tHMQsun7sMTe/ht0LLX9iTVIaP/ZVvPDfQQE0HSMOlGUWKORaer+BgxAc6YHl6G' +
  'pvrsXHmqfscYHqRZ7ZZuDJMqb55L9VSrexyQXN4FTtQNL7ibv8ZXUuWM/eTyoE3DrR5e9Pxk1XsHHBQUakUfagQxVtKID1lX1439' +
  'P/K4gPYkrHDycJTzdzTq8ZJPZqw9ZIriMpMFRKRCC2Xu1Glvf1D+BfyUhRZlC/ubZflT2EjjRWll0NdrYnqE416d2r2LQ/D62u5F' +
  'jN9Z69dzki4K5QfV5kCS6Q7GfthDno8iHHU6n5IW8cuFtRB7x8x8T7LD7tGvxwmxkvUN5pwf/KVlDvtSO1+rWZfKxLfvWvK/WXPm' +
  'KTuuH8HaSZvlUVB33k3bP3+810FxHGK32AO40FTPV4GCcU0cRFvWkrobg5oJ5yZvyF2qj61DPau9IGzeHqVxdwxr+nlWwmbuhDXr' +
  'Acqm9YPA2Dwz7vzz+X25F72ymfion7iGCrHNZEwegszhMjqet50l9dxXC3C0C7IAYXQzU9BTbs2r2C8id3ViKMtU/mkyxMm9Ew0r' +
  '/HAL9dhdppRulvguCv2OnCDP6r+aahibsXu+9TnR2ec+6Wb8tda9v5hETehlvhYF40CHs0zfBOOv9VvUE3xSLS48e/JjTbMmsipH' +
  'Tbf4oJUqs1EN5VU5bBijeKg5C3O/93cvsnYPpXhqOwRZxFodGw3/TLu2XaDtNPMhFsPCzCuVglERvPuyRsFQWqAMlw0G12zJUM42' +
  'iyINsgSHy6ArsfxUs2VntCkT1riFBizXeVYB0xpKjm1WRn+lxSFiZ2/VJhIlE8Pkfy5tnWoZxPh5VDGpTO0DkiHSesaKencOkwUl' +
  'InFFm3HQVQXEl3tw6WhRIIus3N9+aCs4SIQIgPH+wqMvsUBoYryDytia33KfO6b/0/6AjoQD58ag9tzaMhGJj28WUFsHjMeLgNtg' +
  'De0vIA8l/13LMdMsviBWuL3DEJFjGrvSrCjWH+MkgOxQNbvzXxczk/DVmiHSMAsttLWeqmP/4Pk9ZdwChRaQXyKpx9/zh8TreMYw' +
  'Dn67sqZmPPvlqZd8r1dkuj8KulfbTmBR4K7G4Fsb2qZJqXh17bxAvMQhS7f+9ycw1DaKy9PhCrTHZCocU/k8om25x2ZVW+Jv3/Di' +
  'pyFCW5V2Kwt3b9Pj6xcxPVMSnJ80ADyZpRlqjGqsttZLUd2YsnxbWacL2UGhugMA+3RM/EmdmX5tkzktKKdn0RbfvCy560BUDRHr' +
  'MErZMiOG/cWX1V09HGe8VN81R5r7Geos0gTdMx77ScHhcva7ifv1ggfcrmwS+KdZi+8ehywMNfIrTCnfEPm7Gt0664h6tfs4wDa4' +
  'g0b3YcQvKV3+C0N9+08wpxJ2q31AnOQklj+eu08fR+UrGHhvJ5tahyJvZpgd1tCtEfSa8xBV/2lxD9o0V8S3hS2y45NtB3i/h58X' +
  'NK06JP+xrpWEdgucsEUqU7oJYv/i9gWvUoML0hGlSIiUzAsFIlUEhxHNGYUQqelDv4uDkZhFX71BBzAF0wOZC4jZtjZW1Dz+yO2D' +
  'dI9LDw/FEgIWeUsioFTlvFir2MQQlgcIhDk0U85QlpSvvqvg';
