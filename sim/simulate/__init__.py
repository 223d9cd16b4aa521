"""Engine one: the centre as a SimPy model. The only owner of simpy."""
